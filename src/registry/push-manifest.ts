/**
 * Writing a manifest under its names: its own bytes and media type, so that its digest is the same everywhere. What is
 * attached to something else is entered in the fallback tag where the registry keeps no list itself.
 */
import { OciError, throwIfAborted } from '../errors.ts';
import { digestOf } from '../bytes/hash.ts';
import { digestMismatch } from '../bytes/verify.ts';
import type { Call, WireHeaders } from '../model/call.ts';
import { type Digest, digestAlgorithm, parseDigest } from '../model/digest.ts';
import type { Manifest } from '../model/manifest.ts';
import { checkTag } from '../model/reference.ts';
import { referrerDescriptor } from '../store/referrer.ts';
import type { PutManifestOptions } from '../store/types.ts';
import { hasReferrersApi } from './referrers.ts';
import { addToReferrersTag } from './referrers-tag.ts';
import { headManifest } from './resolve.ts';
import { condition, sendManifest } from './send-manifest.ts';
import { nameOf, type Place } from './session.ts';

/** @throws OciError `MANIFEST_BLOB_UNKNOWN`, `CONFLICT`, `REFERENCE_INVALID`, `DIGEST_MISMATCH` */
export async function pushManifest(
  place: Place,
  manifest: Manifest,
  options: PutManifestOptions = {},
): Promise<'exists' | 'written'> {
  const { tags = [], signal, on } = options;
  const call: Call = { signal, on };
  throwIfAborted(signal);
  const digest = checkManifest(manifest);
  tags.forEach(checkTag);
  const first = tags.length === 0 || digestAlgorithm(digest) !== 'sha256';
  const answers: Answer[] = first ? [await putDigest(place, manifest, tags, call)] : [];
  for (const tag of remaining(tags, answers[0])) answers.push(await putTag(place, manifest, tag, options));
  if (manifest.subject !== undefined) await attach(place, manifest, manifest.subject.digest, answers.at(-1), call);
  return answers.every((answer) => answer === 'exists') ? 'exists' : 'written';
}

/** The headers that a PUT was answered with; undefined when they got lost. */
type Answer = WireHeaders | 'exists' | undefined;

/**
 * Under its digest and, where the registry can, all its tags at once (distribution-spec, end-7b). A tag alone would be given
 * to the sha256 digest of the same bytes.
 */
function putDigest(place: Place, manifest: Manifest, tags: readonly string[], call: Call): Promise<Answer> {
  const query = tags.length === 0 ? '' : `?${tags.map((tag) => `tag=${tag}`).join('&')}`;
  return sendManifest(place, manifest, { reference: manifest.descriptor.digest, query, ...call });
}

/** The tags that a registry has not set along with the digest. */
function remaining(tags: readonly string[], answer: Answer): readonly string[] {
  const set = typeof answer === 'object' ? (answer['oci-tag'] ?? '').split(',').map((tag) => tag.trim()) : [];
  return tags.filter((tag) => !set.includes(tag));
}

function checkManifest({ bytes, descriptor }: Manifest): Digest {
  const digest = parseDigest(descriptor.digest);
  const actual = digestOf(bytes, digestAlgorithm(digest));
  if (actual !== digest) throw digestMismatch(digest, actual);
  return digest;
}

async function putTag(
  place: Place,
  manifest: Manifest,
  tag: string,
  { ifMatch, standing: known, signal, on }: PutManifestOptions,
): Promise<Answer> {
  const call: Call = { signal, on };
  const isKnown = ifMatch === undefined && known?.has(tag) === true;
  const head = isKnown ? undefined : await headManifest(place, tag, call, 'push');
  const standing = isKnown ? known.get(tag) : head?.descriptor.digest;
  if (ifMatch !== undefined && standing !== ifMatch) {
    const is = standing ?? 'nothing';
    throw new OciError('CONFLICT', `${nameOf(place)}:${tag} stands for ${is}, not for ${ifMatch} as it should`);
  }
  if (standing === manifest.descriptor.digest && manifest.subject === undefined) return 'exists';
  const headers = ifMatch === undefined ? {} : condition(head);
  return sendManifest(place, manifest, { reference: tag, standing, headers, ...call });
}

/**
 * A registry that has entered it in its own list says so in `OCI-Subject` (distribution-spec, "Pushing Manifests with
 * Subject"); ECR has said so without having a list (sigstore-js#1183).
 */
async function attach(place: Place, manifest: Manifest, subject: Digest, answer: Answer, call: Call): Promise<void> {
  const { digest } = manifest.descriptor;
  const headers =
    typeof answer === 'object' ? answer : await sendManifest(place, manifest, { reference: digest, ...call });
  const { referrers: wanted } = place.host;
  // With `api` a registry that has none says so here, and nothing is kept under a tag.
  if ((wanted === 'api' || headers?.['oci-subject'] !== undefined) && (await hasReferrersApi(place, subject, call)))
    return;
  await addToReferrersTag(place, subject, referrerDescriptor(manifest), call);
}
