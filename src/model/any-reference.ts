/**
 * What stands where docker takes an image as well as a name: a reference, a digest, or the 64 hex digits of an image id.
 * The last two name no repository, so the grammar of references refuses them.
 */
import { type Digest, isDigest } from './digest.ts';
import { parseReference, type Reference, type ReferenceOptions } from './reference.ts';

/**
 * Reads a reference, or a digest that stands alone; an image id is its sha256 digest.
 * @example parseAnyReference('alpine') // { domain: 'docker.io', path: 'library/alpine' }
 * @throws OciError `REFERENCE_INVALID`, `DIGEST_INVALID`
 */
export function parseAnyReference(
  text: string,
  options: ReferenceOptions = {},
): Reference | { readonly digest: Digest } {
  const whole = [text, `sha256:${text}`].find(isDigest);
  return whole === undefined ? parseReference(text, options) : { digest: whole };
}
