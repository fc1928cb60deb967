/** From a name to the root of a graph. */
import { OciError } from '../errors.ts';
import type { Call } from '../model/call.ts';
import type { Descriptor } from '../model/descriptor.ts';
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
