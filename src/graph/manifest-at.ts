/** The next manifest of a graph, which is the one that a descriptor names and no other. */
import { digestMismatch } from '../bytes/verify.ts';
import type { Call } from '../model/call.ts';
import type { Descriptor } from '../model/descriptor.ts';
import type { Manifest } from '../model/manifest.ts';
import type { Source } from '../store/types.ts';

/**
 * Of true digests no circle can be made: so whoever waits for all that is below a manifest never waits for itself.
 * @throws OciError `DIGEST_MISMATCH` where the source gives another one, and whatever it throws
 */
export async function manifestAt(source: Source, descriptor: Descriptor, call: Call): Promise<Manifest> {
  const manifest = await source.manifest(descriptor, call);
  const { digest } = manifest.descriptor;
  if (digest !== descriptor.digest) throw digestMismatch(descriptor.digest, digest);
  return manifest;
}
