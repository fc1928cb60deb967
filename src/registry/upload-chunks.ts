/**
 * A blob in chunks (distribution-spec, "Pushing a blob in chunks"). What the registry says that it has decides where the
 * next chunk begins: nothing that it confirmed is sent again, nothing is believed to be there because it was sent.
 */
import { isOciError, OciError } from '../errors.ts';
import { chunkSource, type ChunkSource } from './chunk-source.ts';
import { uploadedBytes } from './ranges.ts';
import { ask, type Exchange, failed, scopesFor, settle } from './requests.ts';
import { nameOf } from './session.ts';
import { uploadBody } from './upload-body.ts';
import {
  isAmbiguous,
  isLostSession,
  type Setback,
  throwUnlessWorthwhile,
  type Upload,
  waitBefore,
} from './upload-job.ts';
import { closingUrl, locationOf, type UploadSession, uploadStatus } from './upload-session.ts';
import { closeUpload } from './upload-whole.ts';

/** 64 MiB: below the limits of the proxies that have one (Cloudflare: 100 MB). */
const CHUNK_BYTES = 64 * 1024 * 1024;
const SMALLEST_CHUNK = 1024 * 1024;
const MAX_IDLE_ATTEMPTS = 5;

/** One session under way. */
interface Sending {
  readonly upload: Upload;
  readonly source: ChunkSource;
  readonly minChunk: number;
  url: string;
  /** Bytes that the registry has confirmed. */
  at: number;
  chunk: number;
  /** Attempts since it last confirmed something new. */
  idle: number;
  /** Chunks that it accepted and then had not got (ECR, containers-roadmap#2831). */
  dropped: number;
}

/** What became of one chunk. */
type Step =
  /** The registry has this many bytes. `accepted`: it had said that all went well. `waitedMs`: that asking took since. */
  | { readonly bytes: number; readonly accepted: boolean; readonly error?: OciError; readonly waitedMs?: number }
  | { readonly setback: Setback };

/** @throws what the source throws, and what the registry says when another attempt would change nothing */
export async function sendChunks(upload: Upload, session: UploadSession): Promise<Setback | undefined> {
  const { content, call } = upload;
  const { digest, size } = content.descriptor;
  const source = chunkSource(content, call);
  const sending: Sending = {
    upload,
    source,
    minChunk: session.minChunk,
    url: session.url,
    at: 0,
    chunk: firstChunk(upload, session),
    idle: 0,
    dropped: 0,
  };
  try {
    while (sending.at < size) {
      const length = Math.min(sending.chunk, size - sending.at);
      const step = await sendChunk(sending, length);
      const setback = 'setback' in step ? step.setback : await advance(sending, length, step);
      if (setback !== undefined) return setback;
    }
  } finally {
    await source.close();
  }
  const nothing = uploadBody(0, async function* () {}, undefined);
  const setback = await closeUpload(upload, closingUrl(sending.url, digest), nothing);
  // Our bytes were verified: it has not kept all that it accepted.
  if (setback !== undefined && isOciError(setback.error, 'DIGEST_MISMATCH', 'SIZE_MISMATCH')) {
    return noChunks(sending, setback.error).setback;
  }
  return setback && throwUnlessWorthwhile({ ...setback, next: 'chunks' });
}

function firstChunk({ place, content }: Upload, { minChunk }: UploadSession): number {
  const { facts, host, session } = place;
  const wanted = facts.chunkSize ?? host.chunkSize ?? session.chunkSize ?? CHUNK_BYTES;
  return minChunk < content.descriptor.size ? Math.max(wanted, minChunk) : wanted;
}

async function sendChunk(sending: Sending, length: number): Promise<Step> {
  const { upload, source, url, at } = sending;
  const { place, call } = upload;
  const body = uploadBody(length, () => source.open(at, length), call.signal);
  try {
    const exchange = await ask(place, {
      method: 'PATCH',
      url,
      headers: { 'content-type': 'application/octet-stream', 'content-range': `${at}-${at + length - 1}` },
      body,
      scopes: scopesFor(place, 'push'),
      idempotent: false,
      ...call,
    });
    body.throwIfSourceFailed();
    return await read(sending, exchange, length);
  } catch (error) {
    body.throwIfSourceFailed();
    if (call.signal?.aborted !== true && isAmbiguous(error)) return lookUp(sending, error);
    throw error;
  }
}

/** What an answer to a chunk means. 201 is ECR's. */
async function read(sending: Sending, exchange: Exchange, length: number): Promise<Step> {
  const { place } = sending.upload;
  const { status, headers } = exchange.response;
  const bytes = uploadedBytes(headers.range, sending.at + length);
  if (status >= 200 && status < 300) {
    await settle(exchange);
    sending.url = locationOf(place, exchange) ?? sending.url;
    return { bytes: bytes ?? sending.at + length, accepted: true };
  }
  const error = await failed(
    exchange,
    `cannot write a chunk of ${sending.upload.content.descriptor.digest} to ${nameOf(place)}`,
  );
  // A 404 without a word may mean the session, or that there are no chunks.
  const unsaid = status === 404 && error.errors.length === 0 && sending.at === 0;
  if (isLostSession(error)) return { setback: { error, next: unsaid ? 'whole' : 'chunks' } };
  if (status === 416 && bytes !== undefined) {
    sending.url = locationOf(place, exchange) ?? sending.url;
    return { bytes, accepted: false, error };
  }
  if (status === 413 || status === 416 || isAmbiguous(error)) return lookUp(sending, error);
  // GAR knows no chunks at all.
  if ([400, 404, 405, 501].includes(status) && sending.at === 0) return noChunks(sending, error);
  throw error;
}

/** After a failure only the registry knows what it has. */
async function lookUp(sending: Sending, error: OciError): Promise<Step> {
  const { place, call } = sending.upload;
  const { clock } = place.session;
  const failedAt = clock.now();
  try {
    const { url, bytes } = await uploadStatus(place, sending.url, sending.at, call);
    sending.url = url;
    return { bytes, accepted: false, error, waitedMs: clock.now() - failedAt };
  } catch (lost) {
    if (call.signal?.aborted === true) throw lost;
    return { setback: { error, next: 'chunks' } };
  }
}

/** Goes on from what the registry has, or gives the session up. */
async function advance(
  sending: Sending,
  length: number,
  { bytes, accepted, error: told, waitedMs = 0 }: Extract<Step, { bytes: number }>,
): Promise<Setback | undefined> {
  const wanted = sending.at + length;
  sending.idle = bytes > sending.at ? 0 : sending.idle + 1;
  const error = told ?? lostBytes(sending, bytes, length);
  if (bytes > wanted) return { error, next: 'chunks' };
  if (accepted && bytes < wanted && ++sending.dropped >= 2) return noChunks(sending, error).setback;
  sending.at = bytes;
  if (sending.idle === 0) return undefined;
  if (error.status === 413 || error.status === 416) shrink(sending);
  if (sending.idle >= MAX_IDLE_ATTEMPTS) {
    // Where it never gets any further with chunks, however small, the blob may still go in one piece.
    return error.status === 416 ? noChunks(sending, error).setback : throwUnlessWorthwhile({ error, next: 'chunks' });
  }
  const { session } = sending.upload.place;
  const delayMs = waitBefore(sending.idle, error) - waitedMs;
  if (delayMs > 0) await session.clock.wait(delayMs, sending.upload.call.signal);
  return undefined;
}

function noChunks({ upload: { place } }: Sending, error: OciError): { readonly setback: Setback } {
  place.facts.chunks = 'broken';
  return { setback: { error, next: 'whole' } };
}

/** GHCR refuses chunks over 4 MiB with 416, proxies theirs with 413. */
function shrink(sending: Sending): void {
  const smallest = Math.max(SMALLEST_CHUNK, sending.minChunk);
  sending.chunk = Math.min(sending.chunk, Math.max(smallest, Math.floor(sending.chunk / 4)));
  sending.upload.place.facts.chunkSize = sending.chunk;
}

function lostBytes({ upload, at }: Sending, bytes: number, length: number): OciError {
  const { place, content } = upload;
  const sent = `it has ${bytes} bytes where ${at + length} were sent`;
  return new OciError('UPLOAD_INVALID', `${nameOf(place)} lost bytes of ${content.descriptor.digest}: ${sent}`);
}
