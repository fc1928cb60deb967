/** Listing tags with what a person asks of the list: order, filter, digests, dates. What needs no order is streamed. */
import type { Call } from '../../model/call.ts';
import type { Descriptor } from '../../model/descriptor.ts';
import type { Digest } from '../../model/digest.ts';
import type { Repository } from '../../registry/repository.ts';
import { mapPages, paged, pagesOf } from '../../store/paged.ts';
import type { Source } from '../../store/types.ts';
import { collect, mapLimited, take } from '../../graph/collect.ts';
import { DEFAULT_BOUNDS } from '../../graph/tasks.ts';
import { type ImageFacts, imageFacts } from './image-times.ts';
import { nameOrder } from './name-order.ts';
import { type TagFilter, tagFilter } from './filter.ts';

export const TAG_ORDERS = ['name', 'semver', 'created'] as const;

export interface ListedTag {
  readonly tag: string;
  readonly digest?: Digest | undefined;
  /** RFC 3339. */
  readonly created?: string | undefined;
  /** Those that it has images for. */
  readonly platforms?: readonly string[] | undefined;
}

export interface TagListOptions extends Call, TagFilter {
  readonly sort?: (typeof TAG_ORDERS)[number] | undefined;
  readonly limit?: number | undefined;
  readonly digests?: boolean | undefined;
  /** Digests, dates and platforms. */
  readonly long?: boolean | undefined;
  readonly forDigest?: Digest | undefined;
  /** Requests at a time; 16 unless told. */
  readonly concurrency?: number | undefined;
  /** Where the tags are a registry's: it can read images of schema 1. */
  readonly repository?: Repository | undefined;
}

/** The tags that the options ask for, in the order they ask for. */
export function listTags(source: Source, options: TagListOptions): AsyncGenerator<ListedTag> {
  const { sort, forDigest, long = false, digests = false } = options;
  const isLookedUp = digests || long || forDigest !== undefined || sort === 'created';
  return isLookedUp ? lookedUp(source, options) : paged(namesAlone(source, options));
}

/** There may be a million of them. */
async function* namesAlone(source: Source, options: TagListOptions): AsyncGenerator<readonly ListedTag[]> {
  const few = take(await inOrder(await wantedTags(source, options), options.sort), options.limit);
  for await (const page of pagesOf(few)) yield page.map((tag) => ({ tag }));
}

async function* lookedUp(source: Source, options: TagListOptions): AsyncGenerator<ListedTag> {
  const { sort, limit, forDigest, long = false, digests = false } = options;
  const lookUp = lookUpIn(source, options);
  // Nothing is asked of a tag before it is known to be wanted: names and versions are put in order first.
  const wanted = await wantedTags(source, options);
  const asked = sort === 'created' ? newestFirst(lookUp(wanted, true)) : named(await inOrder(wanted, sort));
  const few = forDigest === undefined ? take(asked, limit) : asked;
  const isTold = digests || long || forDigest !== undefined;
  const found = sort !== 'created' && isTold ? lookUp(tagsOf(few), long) : few;
  const matching = filtered(found, ({ descriptor }) => forDigest === undefined || descriptor?.digest === forDigest);
  for await (const { tag, descriptor, facts } of take(matching, limit)) {
    yield {
      tag,
      ...(isTold ? { digest: descriptor?.digest } : {}),
      ...(facts === undefined ? {} : { created: facts.created }),
      ...(long ? { platforms: facts?.platforms } : {}),
    };
  }
}

async function wantedTags(source: Source, options: TagListOptions): Promise<Names> {
  const isWanted = await tagFilter(options);
  return mapPages(source.tags(callOf(options)), (page) => page.filter(isWanted));
}

/** A tag, and what was asked about it. */
interface Found {
  readonly tag: string;
  readonly descriptor?: Descriptor | undefined;
  readonly facts?: ImageFacts | undefined;
}

type Names = AsyncIterable<string>;

async function inOrder(names: Names, sort: TagListOptions['sort']): Promise<Names> {
  if (sort === undefined || sort === 'created') return names;
  return paged(onePage((await collect(names)).sort(await nameOrder(sort))));
}

async function* onePage<T>(items: readonly T[]): AsyncGenerator<readonly T[]> {
  yield items;
}

async function* named(names: Names): AsyncGenerator<Found> {
  for await (const tag of names) yield { tag };
}

async function* tagsOf(found: AsyncIterable<Found>): AsyncGenerator<string> {
  for await (const { tag } of found) yield tag;
}

/** Asks about tags, several at a time; those that have gone meanwhile are left out. A tag is asked for by a HEAD, an image once. */
function lookUpIn(
  source: Source,
  options: TagListOptions,
): (names: Names, withFacts: boolean) => AsyncGenerator<Found> {
  const { concurrency = DEFAULT_BOUNDS.calls, repository } = options;
  const call = callOf(options);
  const factsOf = imageFacts(source, repository, call);
  return async function* (names, withFacts) {
    const all = mapLimited(names, concurrency, async (tag): Promise<Found> => {
      const descriptor = await source.resolve(tag, call);
      return { tag, descriptor, facts: withFacts && descriptor ? await factsOf(tag, descriptor) : undefined };
    });
    yield* filtered(all, ({ descriptor }) => descriptor !== undefined);
  };
}

async function* newestFirst(found: AsyncIterable<Found>): AsyncGenerator<Found> {
  yield* (await collect(found)).sort(byTime);
}

function byTime(a: Found, b: Found): number {
  const time = ({ facts }: Found): number => (facts?.created === undefined ? -Infinity : Date.parse(facts.created));
  const [left, right] = [time(a), time(b)];
  return left === right ? (a.tag < b.tag ? -1 : 1) : right - left;
}

async function* filtered<T>(items: AsyncIterable<T>, wanted: (item: T) => boolean): AsyncGenerator<T> {
  for await (const item of items) if (wanted(item)) yield item;
}

function callOf({ signal, on }: Call): Call {
  return { signal, on };
}
