/** The annotations that all images of an index have, with the same value: what can be said of the index itself. */
import { collect, mapLimited } from '../../graph/collect.ts';
import { imageEntries } from '../../graph/entries.ts';
import type { Call } from '../../model/call.ts';
import type { Annotations, Descriptor } from '../../model/descriptor.ts';
import type { Source } from '../../store/types.ts';
import { readIndex } from '../index/entries.ts';

/** @throws OciError `USAGE` for what is no index, and whatever the source throws */
export async function sharedAnnotations(
  source: Source,
  reference: string | Descriptor,
  { concurrency = 4, ...call }: Call & { readonly concurrency?: number | undefined } = {},
): Promise<Annotations> {
  const entries = await collect(imageEntries(source, await readIndex(source, reference, call), call));
  const images = await collect(mapLimited(entries, concurrency, (entry) => source.manifest(entry, call)));
  const [first = {}, ...others] = images.map(({ document }) => document.annotations ?? {});
  const shared = Object.entries(first).filter(([name, value]) =>
    others.every((own) => Object.hasOwn(own, name) && own[name] === value),
  );
  return Object.fromEntries(shared);
}
