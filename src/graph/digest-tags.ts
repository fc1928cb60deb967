/**
 * Tags that are made of a digest: what hangs on a manifest without naming it. cosign keeps signatures, attestations and SBOMs so,
 * `sha256-<hex>.sig`, and clients of registries without the referrers API the list of all that is attached, `sha256-<hex>`
 * (distribution-spec, "Referrers Tag Schema"). Here they are only found; whether they are wanted, others decide.
 */
import { isOciError } from '../errors.ts';
import type { Call } from '../model/call.ts';
import type { Descriptor } from '../model/descriptor.ts';
import { type Digest, digestAlgorithm, digestHex } from '../model/digest.ts';
import type { Manifest } from '../model/manifest.ts';
import { isImageConfigType, OCI_EMPTY } from '../model/media-types.ts';
import { referrerDescriptor } from '../store/referrer.ts';
import type { Source } from '../store/types.ts';
import { isUnreadable } from './unreadable.ts';

/** What cosign keeps under a tag each. */
export const DIGEST_TAG_KINDS = ['sig', 'att', 'sbom'] as const;
export type DigestTagKind = (typeof DIGEST_TAG_KINDS)[number];

/** What stands under such a tag. */
export interface DigestTagged {
  readonly tag: string;
  /** With what it is, as far as its manifest tells. */
  readonly descriptor: Descriptor;
  /** undefined where there is no manifest of today. */
  readonly manifest?: Manifest | undefined;
}

const MAX_TAG = 128;
const form = /^(?:sha256-[0-9a-f]{64}|sha384-[0-9a-f]{64,96}|sha512-[0-9a-f]{64,128})(?:\.[\w.-]*)?$/;

/** Is it a tag that a tool has made of a digest, and no person? */
export function isDigestTag(tag: string): boolean {
  return form.test(tag);
}

/** The tag of a kind; undefined where it is longer than a tag may be (sha512). */
export function digestTag(digest: Digest, kind: DigestTagKind): string | undefined {
  const tag = `${digestAlgorithm(digest)}-${digestHex(digest)}.${kind}`;
  return tag.length > MAX_TAG ? undefined : tag;
}

/** The tag of the list that clients keep where the registry keeps none. */
export function referrersTagOf(digest: Digest): string {
  return `${digestAlgorithm(digest)}-${digestHex(digest).slice(0, 64)}`;
}

/** What a source has under the tag of one kind; undefined: nothing. */
export async function digestTagged(
  source: Source,
  subject: Digest,
  kind: DigestTagKind,
  call: Call = {},
): Promise<DigestTagged | undefined> {
  const tag = digestTag(subject, kind);
  const descriptor = tag === undefined ? undefined : await source.resolve(tag, call);
  if (tag === undefined || descriptor === undefined) return undefined;
  try {
    const manifest = await source.manifest(descriptor, call);
    return { tag, descriptor: attachedDescriptor(manifest), manifest };
  } catch (error) {
    if (isOciError(error, 'NOT_FOUND')) return undefined;
    // Anybody may push anything under such a name: it is there, and is not what it should be.
    if (isUnreadable(error)) return { tag, descriptor };
    throw error;
  }
}

/**
 * A descriptor that says what is attached. Older tools give their manifests the config of an image, which tells nothing: there it
 * is what the first layer is.
 */
export function attachedDescriptor(manifest: Manifest): Descriptor {
  const descriptor = referrerDescriptor(manifest);
  const { artifactType = '' } = descriptor;
  if (artifactType !== '' && artifactType !== OCI_EMPTY && !isImageConfigType(artifactType)) return descriptor;
  const layer = manifest.links.find(({ role }) => role === 'layer');
  return layer === undefined ? descriptor : { ...descriptor, artifactType: layer.descriptor.mediaType };
}
