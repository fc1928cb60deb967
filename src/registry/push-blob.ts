/** Getting a blob into a repository by the cheapest way: it is mounted, or already there, or sent. */
import { throwIfAborted } from '../errors.ts';
import type { Call } from '../model/call.ts';
import { parseDigest } from '../model/digest.ts';
import { straightAway } from '../store/turn.ts';
import type { Content, PutBlobOptions } from '../store/types.ts';
import type { Place } from './session.ts';
import { blobIsThere } from './stat.ts';
import { upload } from './upload.ts';
import { cancelUpload, mountBlob } from './upload-session.ts';

/** @throws OciError `DIGEST_MISMATCH`, `SIZE_MISMATCH` (then nothing is kept), `UPLOAD_INVALID`, `UNAUTHORIZED`, `DENIED` */
export async function pushBlob(
  place: Place,
  content: Content,
  options: PutBlobOptions = {},
): Promise<'exists' | 'mounted' | 'written'> {
  const call: Call = { signal: options.signal, on: options.on };
  throwIfAborted(call.signal);
  const digest = parseDigest(content.descriptor.digest);
  const from = mountSource(place, content);
  const mounted = from === undefined ? undefined : await mountBlob(place, digest, from, call);
  if (mounted === 'mounted') return mounted;
  if (await blobIsThere(place, content.descriptor, call)) {
    if (mounted !== undefined) await cancelUpload(place, mounted, call);
    return 'exists';
  }
  const { turn = straightAway } = options;
  await turn(() => upload(place, content, mounted, call));
  return 'written';
}

/** The repository that the registry could take it from, without asking first whether it is there already: one request, no byte. */
function mountSource({ host, repository }: Place, { origin }: Content): string | undefined {
  return origin?.registry === host.name && origin.repository !== repository ? origin.repository : undefined;
}
