/** Content that a descriptor carries in itself (image-spec, "Embedded Content"): taken only when it is what its digest says. */
import { digestOf } from '../bytes/hash.ts';
import type { Descriptor } from '../model/descriptor.ts';
import { digestAlgorithm } from '../model/digest.ts';

/** The bytes in `data`; undefined when there are none, or others than size and digest say. */
export function embeddedBytes({ data, digest, size }: Descriptor): Uint8Array | undefined {
  if (data === undefined || data.length > (size + 2) * 2) return undefined;
  const bytes = fromBase64(data);
  if (bytes?.length !== size || digestOf(bytes, digestAlgorithm(digest)) !== digest) return undefined;
  return bytes;
}

function fromBase64(text: string): Uint8Array | undefined {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}
