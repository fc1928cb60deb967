/** Reading docker's retired manifest, because somebody asked for it: by tag or digest, with its signatures verified. */
import { digestOf } from '../bytes/hash.ts';
import { digestMismatch } from '../bytes/verify.ts';
import type { Call } from '../model/call.ts';
import { digestAlgorithm, isDigest } from '../model/digest.ts';
import { SCHEMA1_TYPES } from '../model/media-types.ts';
import { verifySchema1 } from '../model/schema1-signature.ts';
import { parseSchema1, type Schema1Image } from '../model/schema1.ts';
import { pullRaw } from './manifest.ts';
import { manifestName } from './requests.ts';
import { nameOf, type Place } from './session.ts';

/**
 * Reads a schema 1 manifest. Its digest is that of its payload, or of all its bytes where it is not signed. The signatures
 * prove that it is whole, and not who signed it.
 * @throws OciError `NOT_FOUND`, `DIGEST_MISMATCH` (a signature that is wrong, too), `MANIFEST_INVALID` for a manifest of
 * today, too, `UNSUPPORTED` for a signature by a chain of certificates
 */
export async function pullSchema1(place: Place, reference: string, call: Call = {}): Promise<Schema1Image> {
  const { bytes, response } = await pullRaw(place, reference, { ...call, accept: SCHEMA1_TYPES });
  const schema1 = parseSchema1(bytes);
  const asked = isDigest(reference) ? reference : undefined;
  const digest = digestOf(schema1.payload ?? bytes, asked === undefined ? 'sha256' : digestAlgorithm(asked));
  if (asked !== undefined && digest !== asked) throw digestMismatch(asked, digest, nameOf(place));
  await verifySchema1(schema1, manifestName(place, reference), call);
  return { ...schema1, bytes, digest, response };
}
