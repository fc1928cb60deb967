/** Listing tags with what a person asks of the list: order, filter, digests. What needs no order is streamed. */
import type { Call } from '../model/call.ts';
import type { Digest } from '../model/digest.ts';
import type { Source } from '../store/types.ts';
import { collect, mapLimited, take } from '../graph/collect.ts';
import { createdOf } from './image-times.ts';
import { nameOrder } from './name-order.ts';

export const TAG_ORDERS = ['name', 'semver', 'created'] as const;

export interface ListedTag {
  readonly tag: string;
  readonly digest?: Digest;
  /** RFC 3339. */
  readonly created?: string;
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
  const wanted = await tagFilter(options.filter);
  // Nothing is asked of a tag before it is known to be wanted: names and versions are put in order first.
  const names =
    sort === undefined || sort === 'created'
      ? filtered(source.tags(call), wanted)
      : sorted(filtered(source.tags(call), wanted), await nameOrder(sort));
  const few = forDigest === undefined && sort !== 'created' ? take(names, limit) : names;
  const details = mapLimited(few, concurrency, (tag) => detailsOf(source, tag, options, call));
  const matching = filtered(details, ({ digest }) => forDigest === undefined || digest === forDigest);
  yield* take(sort === 'created' ? sorted(matching, newestFirst) : matching, limit);
}

async function detailsOf(
  source: Source,
  tag: string,
  { sort, digests, forDigest }: TagListOptions,
  call: Call,
): Promise<ListedTag> {
  const created = sort === 'created' ? await createdOf(source, tag, call) : undefined;
  const digest = digests === true || forDigest !== undefined ? (await source.resolve(tag, call))?.digest : undefined;
  return { tag, ...(digest === undefined ? {} : { digest }), ...(created === undefined ? {} : { created }) };
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

function newestFirst(a: ListedTag, b: ListedTag): number {
  const time = ({ created }: ListedTag): number => (created === undefined ? -Infinity : Date.parse(created));
  return time(b) - time(a) || (a.tag < b.tag ? -1 : 1);
}

async function* filtered<T>(items: AsyncIterable<T>, wanted: (item: T) => boolean): AsyncGenerator<T> {
  for await (const item of items) if (wanted(item)) yield item;
}

async function* sorted<T>(items: AsyncIterable<T>, order: (a: T, b: T) => number): AsyncGenerator<T> {
  yield* (await collect(items)).sort(order);
}
