/** From a name to the root of a graph. */
import { isOciError, OciError } from '../errors.ts';
import type { Call } from '../model/call.ts';
import type { Descriptor } from '../model/descriptor.ts';
import { type Digest, isDigest } from '../model/digest.ts';
import type { Source } from '../store/types.ts';

/**
 * The descriptor that a reference names.
 * @throws OciError `NOT_FOUND`
 */
export async function rootOf(source: Source, reference: string | Descriptor, call: Call): Promise<Descriptor> {
  if (typeof reference !== 'string') return reference;
  const root = await source.resolve(reference, call);
  if (root === undefined) throw new OciError('NOT_FOUND', `${reference} is not there`, { missing: 'manifest' });
  return root;
}

/**
 * Does something with what a name stands for. A registry may tell a digest of a tag that it has not got, be it that the tag moved meanwhile: then
 * it is done with what it gives under the tag itself.
 */
export async function orUnderTag<R extends string | Descriptor, T>(
  source: Source,
  reference: R,
  call: Call,
  work: (reference: R | Digest) => Promise<T>,
): Promise<T> {
  try {
    return await work(reference);
  } catch (error) {
    const isTag = typeof reference === 'string' && !isDigest(reference);
    if (!isTag || !isOciError(error, 'NOT_FOUND') || error.missing !== 'manifest') throw error;
    const { descriptor } = await source.manifest(reference, call).catch((other: unknown) => {
      throw isOciError(other, 'NOT_FOUND') ? error : other;
    });
    return work(descriptor.digest);
  }
}
