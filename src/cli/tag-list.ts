/** Listing tags with what a person asks of the list: order, filter, digests. What needs no order is streamed. */
import type { Call } from '../model/call.ts';
import type { Digest } from '../model/digest.ts';
import type { Source } from '../store/types.ts';
import { collect, mapLimited, take } from '../graph/collect.ts';
import { tagDigests } from '../graph/tag-digests.ts';
import { isUnreadable } from '../graph/unreadable.ts';
import { createdOf } from './image-times.ts';
import { nameOrder } from './name-order.ts';

export const TAG_ORDERS = ['name', 'semver', 'created'] as const;

export interface ListedTag {
  readonly tag: string;
  readonly digest?: Digest | undefined;
  /** RFC 3339. */
  readonly created?: string | undefined;
}

export interface TagListOptions extends Call {
  readonly sort?: (typeof TAG_ORDERS)[number] | undefined;
  /** Globs; one that starts with `!` takes tags out. */
  readonly filter?: readonly string[] | undefined;
  readonly limit?: number | undefined;
  readonly digests?: true | undefined;
  readonly forDigest?: Digest | undefined;
  readonly concurrency?: number | undefined;
}

/** The tags that the options ask for, in the order they ask for. */
export async function* listTags(source: Source, options: TagListOptions): AsyncGenerator<ListedTag> {
  const { sort, limit, forDigest, signal, on, concurrency = 8 } = options;
  const call: Call = { signal, on };
  const wanted = filtered(source.tags(call), await tagFilter(options.filter));
  // Nothing is asked of a tag before it is known to be wanted: names and versions are put in order first.
  const tags = sort === 'created' ? newestFirst(source, wanted, concurrency, call) : named(await inOrder(wanted, sort));
  const few = forDigest === undefined ? take(tags, limit) : tags;
  const listed = options.digests === true || forDigest !== undefined ? withDigests(source, few, options) : few;
  yield* take(
    filtered(listed, ({ digest }) => forDigest === undefined || digest === forDigest),
    limit,
  );
}

async function inOrder(names: AsyncIterable<string>, sort: 'name' | 'semver' | undefined): Promise<Names> {
  return sort === undefined ? names : (await collect(names)).sort(await nameOrder(sort));
}

type Names = AsyncIterable<string> | Iterable<string>;

async function* named(names: Names): AsyncGenerator<ListedTag> {
  for await (const tag of names) yield { tag };
}

async function* newestFirst(source: Source, names: Names, concurrency: number, call: Call): AsyncGenerator<ListedTag> {
  const listed = mapLimited(names, concurrency, async (tag) => ({ tag, created: await timeOf(source, tag, call) }));
  yield* (await collect(listed)).sort(byTime);
}

/** What cannot be read (schema 1, an index whose image is missing) tells no time, and is no reason to tell of none of the others. */
async function timeOf(source: Source, tag: string, call: Call): Promise<string | undefined> {
  try {
    return await createdOf(source, tag, call);
  } catch (error) {
    if (isUnreadable(error)) return undefined;
    throw error;
  }
}

/** The same tags; those that have gone meanwhile are left out. */
async function* withDigests(
  source: Source,
  tags: AsyncIterable<ListedTag>,
  { concurrency, signal, on }: TagListOptions,
): AsyncGenerator<ListedTag> {
  const times = new Map<string, string | undefined>();
  const names = async function* (): AsyncGenerator<string> {
    for await (const { tag, created } of tags) {
      if (created !== undefined) times.set(tag, created);
      yield tag;
    }
  };
  for await (const { tag, descriptor } of tagDigests(source, { tags: names(), concurrency, signal, on })) {
    yield { tag, digest: descriptor.digest, created: times.get(tag) };
  }
}

/** The globs are read only when there are any. */
async function tagFilter(globs: readonly string[] | undefined): Promise<(tag: string) => boolean> {
  if (globs === undefined || globs.length === 0) return () => true;
  const { default: picomatch } = await import('picomatch');
  const out = globs.filter((glob) => glob.startsWith('!')).map((glob) => glob.slice(1));
  const into = globs.filter((glob) => !glob.startsWith('!'));
  const leaves = picomatch(out);
  const takes = into.length === 0 ? () => true : picomatch(into);
  return (tag) => takes(tag) && !(out.length > 0 && leaves(tag));
}

function byTime(a: ListedTag, b: ListedTag): number {
  const time = ({ created }: ListedTag): number => (created === undefined ? -Infinity : Date.parse(created));
  return time(b) - time(a) || (a.tag < b.tag ? -1 : 1);
}

async function* filtered<T>(items: AsyncIterable<T>, wanted: (item: T) => boolean): AsyncGenerator<T> {
  for await (const item of items) if (wanted(item)) yield item;
}
