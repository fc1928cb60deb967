/**
 * Sending a blob until it is there: whole where that works, in chunks where the registry wants that, in a new session when
 * one is lost. How bytes travel is settled in `upload-whole` and `upload-chunks`; here, what to do when they did not arrive.
 */
import { abortError } from '../errors.ts';
import type { Call } from '../model/call.ts';
import type { Content } from '../store/types.ts';
import { apiUrl, pathIn } from './requests.ts';
import type { Place } from './session.ts';
import { blobIsThere } from './stat.ts';
import { openAhead } from './open-ahead.ts';
import { sendChunks } from './upload-chunks.ts';
import { pourOf, type Setback, type Upload, waitBefore, type Way } from './upload-job.ts';
import { cancelUpload, startUpload, type UploadSession } from './upload-session.ts';
import { sendWhole } from './upload-whole.ts';

const MAX_SESSIONS = 4;

/**
 * @param opened a session that has begun already, e.g. by a mount that was none
 * @throws OciError `DIGEST_MISMATCH`, `SIZE_MISMATCH`: then the session is given up, and nothing is kept
 */
export async function upload(
  place: Place,
  content: Content,
  opened: UploadSession | undefined,
  call: Call,
): Promise<void> {
  const job: Upload = { place, content, call };
  const { descriptor } = content;
  let way = firstWay(place, descriptor.size);
  const tried = new Set<Way>();
  for (let count = 1; ; count++) {
    const begun = await begin(job, count === 1 ? opened : undefined, way);
    const setback = await attempt({ ...job, content: begun.content }, begun, way);
    if (setback === undefined) return;
    const failedAt = place.session.clock.now();
    if (await blobIsThere(place, descriptor, call).catch(() => false)) return;
    await cancelUpload(place, begun.session, call);
    tried.add(way);
    const wayBack = setback.next !== way && tried.has(setback.next);
    if (count >= MAX_SESSIONS || wayBack) throw setback.error;
    way = setback.next;
    await pause(job, setback, count, failedAt);
  }
}

/** A session, and what is sent in it, which is opened while the session begins. */
interface Begun extends Pick<Upload, 'content'> {
  readonly session: UploadSession;
  readonly close: () => Promise<void>;
}

async function begin({ place, content, call }: Upload, opened: UploadSession | undefined, way: Way): Promise<Begun> {
  if (opened !== undefined) return { session: opened, content, close: async () => {} };
  const { digest, size } = content.descriptor;
  const starting = startUpload(place, digest, call);
  // What is to pass by this thread is not opened in it.
  const isPoured = pourOf({ place, content, call }) !== undefined;
  const ahead = way === 'whole' && size > 0 && !isPoured ? openAhead(content, call) : undefined;
  const close = async (): Promise<void> => ahead?.close();
  try {
    return { session: await starting, content: ahead?.content ?? content, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** One session. Whatever ends the upload for good gives the session up first. */
async function attempt(job: Upload, { session, close }: Begun, way: Way): Promise<Setback | undefined> {
  const { place, call } = job;
  try {
    return await (way === 'whole' ? sendWhole(job, session) : sendChunks(job, session));
  } catch (error) {
    await cancelUpload(place, session, call);
    if (call.signal?.aborted === true) throw abortError(call.signal);
    throw error;
  } finally {
    await close();
  }
}

/** What the requests since then have waited, because the registry asked for it, counts. */
async function pause(
  { place, content, call }: Upload,
  { error }: Setback,
  count: number,
  failedAt: number,
): Promise<void> {
  const { clock } = place.session;
  const delayMs = Math.max(0, failedAt + waitBefore(count, error) - clock.now());
  const url = error.request?.url ?? apiUrl(place, pathIn(place, `blobs/${content.descriptor.digest}`));
  call.on?.({ type: 'retry', method: 'PUT', url, reason: error.message, attempt: count, delayMs });
  if (delayMs > 0) await clock.wait(delayMs, call.signal);
}

/** In chunks when it is larger than what the user, or an earlier refusal, set as the limit of one request. */
function firstWay({ facts, host, session }: Place, size: number): Way {
  if (size === 0 || facts.chunks === 'broken') return 'whole';
  const limit = host.chunkSize ?? session.chunkSize ?? Number.POSITIVE_INFINITY;
  return size > limit || size >= (facts.chunkFrom ?? Number.POSITIVE_INFINITY) ? 'chunks' : 'whole';
}
