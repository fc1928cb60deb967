/** What each tag of a repository stands for. */
import type { Descriptor } from '../model/descriptor.ts';
import type { ListOptions, Source } from '../store/types.ts';
import { mapLimited } from './collect.ts';
import { DEFAULT_BOUNDS } from './tasks.ts';

export interface TagDigestsOptions extends ListOptions {
  /** Tags asked for at a time; 16 unless told. */
  readonly concurrency?: number | undefined;
  /** These tags; all of the repository unless told. */
  readonly tags?: AsyncIterable<string> | Iterable<string> | undefined;
}

export interface TagDigest {
  readonly tag: string;
  /** Of an image for several platforms, that of its index. */
  readonly descriptor: Descriptor;
}

/**
 * The tags with what they stand for, in their order. Of a registry each is asked for by a HEAD, which counts against no
 * pull limit; where HEAD does not tell, the manifest is read and hashed. A tag that has gone meanwhile is left out.
 * @throws OciError `NOT_FOUND` when the repository is unknown
 */
export async function* tagDigests(source: Source, options: TagDigestsOptions = {}): AsyncGenerator<TagDigest> {
  const { concurrency = DEFAULT_BOUNDS.calls, tags = source.tags(options), signal, on } = options;
  const resolved = mapLimited(tags, concurrency, async (tag) => ({
    tag,
    descriptor: await source.resolve(tag, { signal, on }),
  }));
  for await (const { tag, descriptor } of resolved) if (descriptor !== undefined) yield { tag, descriptor };
}
