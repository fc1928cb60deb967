/** Deleting manifests and blobs. Deleting a tag is another thing, and stands in `delete-tag`. */
import { isOciError, OciError, throwIfAborted } from '../errors.ts';
import type { Call } from '../model/call.ts';
import { type Digest, parseDigest } from '../model/digest.ts';
import { checkTag } from '../model/reference.ts';
import type { Deletion } from '../store/types.ts';
import { askDelete, isDone, refusal, untag } from './delete-requests.ts';
import { deleteTag } from './delete-tag.ts';
import { pullManifest } from './manifest.ts';
import { removeFromReferrersTag } from './referrers-tag.ts';
import { settle } from './requests.ts';
import { headManifest } from './resolve.ts';
import { nameOf, type Place } from './session.ts';
import { tagsOf } from './tags-of.ts';

/** @throws OciError `UNSUPPORTED` where deletion is disabled, `UNAUTHORIZED`, `DENIED` */
export async function remove(place: Place, what: Deletion, options: Call = {}): Promise<'deleted' | 'absent'> {
  const call: Call = { signal: options.signal, on: options.on };
  throwIfAborted(call.signal);
  if ('tag' in what) return deleteTag(place, checkTag(what.tag), call);
  if ('blob' in what) return deleteBlob(place, parseDigest(what.blob), call);
  return deleteManifest(place, parseDigest(what.manifest), call);
}

async function deleteBlob(place: Place, digest: Digest, call: Call): Promise<'deleted' | 'absent'> {
  const exchange = await askDelete(place, `blobs/${digest}`, call);
  const { status } = exchange.response;
  if (!isDone(status) && status !== 404)
    throw await refusal(exchange, `cannot delete blob ${digest} of ${nameOf(place)}`);
  await settle(exchange);
  return status === 404 ? 'absent' : 'deleted';
}

/** It is read first: what it was attached to may be kept in a list that we have to keep up. */
async function deleteManifest(place: Place, digest: Digest, call: Call): Promise<'deleted' | 'absent'> {
  const known = await look(place, digest, call);
  if (known === 'absent') return 'absent';
  if ((await deleteDigest(place, digest, call)) === 'absent') return 'absent';
  if (known.subject !== undefined && isKeptUnderTag(place)) {
    await removeFromReferrersTag(place, known.subject, digest, call);
  }
  return 'deleted';
}

function isKeptUnderTag({ host, facts }: Place): boolean {
  return host.referrers === 'tag' || (host.referrers === undefined && facts.referrers !== 'listed');
}

/** Schema 1, or damaged: it can be deleted all the same. */
const unread = [
  'VERSION_UNSUPPORTED',
  'UNSUPPORTED',
  'MANIFEST_INVALID',
  'DESCRIPTOR_INVALID',
  'DIGEST_MISMATCH',
  'TOO_LARGE',
] as const;

async function look(
  place: Place,
  digest: Digest,
  call: Call,
): Promise<'absent' | { readonly subject?: Digest | undefined }> {
  try {
    const { subject } = await pullManifest(place, digest, call, 'delete');
    return { subject: subject?.digest };
  } catch (error) {
    if (isOciError(error, 'NOT_FOUND')) return 'absent';
    if (isOciError(error, ...unread)) return {};
    throw error;
  }
}

async function deleteDigest(place: Place, digest: Digest, call: Call): Promise<'deleted' | 'absent'> {
  const attempted = `cannot delete manifest ${nameOf(place)}@${digest}`;
  const exchange = await askDelete(place, `manifests/${digest}`, call);
  if (isDone(exchange.response.status)) return settle(exchange).then(() => 'deleted');
  const error = await refusal(exchange, attempted);
  if (error.status === 404) {
    if ((await headManifest(place, digest, call, 'delete')) === undefined) return 'absent';
    // ECR has no such request, and answers as if the manifest were not there.
    throw new OciError('UNSUPPORTED', `${attempted}: the registry has it, but says that it has not`, {
      hint: 'delete it with the tools of the registry itself',
      cause: error,
    });
  }
  if (!error.errors.some(({ code }) => code === 'GOOGLE_MANIFEST_DANGLING_TAG')) throw error;
  for (const tag of await tagsOf(place, digest, call)) await untag(place, tag, call);
  const again = await askDelete(place, `manifests/${digest}`, call);
  if (!isDone(again.response.status)) throw await refusal(again, attempted);
  await settle(again);
  return 'deleted';
}
