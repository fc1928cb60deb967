/** Uploads of blobs (distribution-spec, "Pushing blobs"): whole, in chunks, streamed, mounted. The bytes go straight on to the store. */
import { isOciError } from '../errors.ts';
import type { Bytes } from '../model/call.ts';
import { type Digest, DIGEST_ALGORITHMS, parseDigest } from '../model/digest.ts';
import type { Ingest } from '../store/types.ts';
import { blobLocation } from './blobs.ts';
import { exactly } from './body.ts';
import { plainProblem, problem } from './errors.ts';
import { type Exchange, storeOf } from './exchange.ts';
import { mountBlob } from './mount.ts';
import { parseContentRange, uploadRange } from './range.ts';
import { created, empty } from './responses.ts';

/** `POST /v2/<name>/blobs/uploads/`: a session, or at once a blob, when it can be mounted or comes along. */
export async function startUpload(exchange: Exchange): Promise<Response> {
  const { searchParams: query } = exchange.url;
  const algorithm = query.get('digest-algorithm');
  if (algorithm !== null && !Object.hasOwn(DIGEST_ALGORITHMS, algorithm)) {
    return problem(400, 'DIGEST_INVALID', 'the digest algorithm is not supported');
  }
  const mount = query.get('mount');
  if (mount !== null) {
    const digest = parseDigest(mount);
    if (await mountBlob(exchange, digest, query.get('from'))) return created(blobLocation(exchange, digest), digest);
  }
  const digest = query.get('digest');
  return digest === null ? await startSession(exchange) : await uploadWhole(exchange, parseDigest(digest));
}

async function startSession(exchange: Exchange): Promise<Response> {
  const { sessions, repository, call, limits } = exchange;
  const ingest = await sessions.start(repository, storeOf(exchange), call);
  const advice = limits.minChunkBytes > 0 ? { 'OCI-Chunk-Min-Length': String(limits.minChunkBytes) } : {};
  return empty(202, { ...sessionHeaders(exchange, ingest), ...advice });
}

async function uploadWhole(exchange: Exchange, digest: Digest): Promise<Response> {
  const { sessions, repository, call } = exchange;
  const ingest = await sessions.start(repository, storeOf(exchange), call);
  try {
    await ingest.append(exchange.body(), call);
    await ingest.commit(digest, call);
  } catch (error) {
    await ingest.abort();
    throw error;
  } finally {
    sessions.forget(repository, ingest.id);
  }
  return created(blobLocation(exchange, digest), digest);
}

/** `PATCH <location>`: a chunk, or everything in one stream. */
export function patchUpload(exchange: Exchange): Promise<Response> {
  return withSession(exchange, async (ingest, signal) => {
    const refusal = await appendBody(exchange, ingest, signal);
    return refusal ?? empty(202, sessionHeaders(exchange, ingest));
  });
}

/** `PUT <location>?digest=`: the last chunk, if there is one, and then it is a blob. */
export function finishUpload(exchange: Exchange): Promise<Response> {
  const digest = parseDigest(exchange.url.searchParams.get('digest') ?? '');
  return withSession(exchange, async (ingest, signal) => {
    const refusal = await appendBody(exchange, ingest, signal);
    if (refusal !== undefined) return refusal;
    await commit(exchange, ingest, digest);
    return created(blobLocation(exchange, digest), digest);
  });
}

/** Bytes of another digest are of no use to anybody: nothing is kept of them. After any other failure the session goes on. */
async function commit({ sessions, repository, call }: Exchange, ingest: Ingest, digest: Digest): Promise<void> {
  try {
    await ingest.commit(digest, call);
  } catch (error) {
    if (!isOciError(error, 'DIGEST_MISMATCH')) throw error;
    await ingest.abort();
    sessions.forget(repository, ingest.id);
    throw error;
  }
  sessions.forget(repository, ingest.id);
}

/** `GET <location>`: how far it has come. */
export async function uploadStatus(exchange: Exchange): Promise<Response> {
  const { sessions, repository, target, call } = exchange;
  const ingest = await sessions.find(repository, storeOf(exchange), target, call);
  return ingest === undefined ? unknownUpload() : empty(204, sessionHeaders(exchange, ingest));
}

/** `DELETE <location>`: gives it up. */
export function cancelUpload(exchange: Exchange): Promise<Response> {
  return withSession(exchange, async (ingest) => {
    await ingest.abort();
    exchange.sessions.forget(exchange.repository, ingest.id);
    return empty(204);
  });
}

async function withSession(
  exchange: Exchange,
  work: (ingest: Ingest, signal: AbortSignal) => Promise<Response>,
): Promise<Response> {
  const { sessions, repository, target, call } = exchange;
  return await sessions.alone(repository, target, call.signal, async (signal) => {
    const ingest = await sessions.find(repository, storeOf(exchange), target, call);
    return ingest === undefined ? unknownUpload() : await work(ingest, signal);
  });
}

/** @returns the refusal of a chunk that does not follow what is there */
async function appendBody(exchange: Exchange, ingest: Ingest, signal: AbortSignal): Promise<Response | undefined> {
  const { headers } = exchange.request;
  const said = headers.get('content-range');
  let bytes: Bytes = exchange.body(signal);
  if (said !== null) {
    const window = parseContentRange(said);
    if (window === undefined) return plainProblem(400, 'Content-Range is not <start>-<end>');
    if (window.start !== ingest.size) return outOfOrder(exchange, ingest);
    const length = headers.get('content-length');
    const size = window.end - window.start;
    if (length !== null && Number(length) !== size) {
      return problem(400, 'SIZE_INVALID', 'Content-Length and Content-Range differ');
    }
    bytes = exactly(bytes, size);
  }
  await ingest.append(bytes, { signal });
  return undefined;
}

function outOfOrder(exchange: Exchange, ingest: Ingest): Response {
  const message = `the next chunk starts at byte ${ingest.size}`;
  return problem(416, 'BLOB_UPLOAD_INVALID', message, sessionHeaders(exchange, ingest));
}

function unknownUpload(): Response {
  return problem(404, 'BLOB_UPLOAD_UNKNOWN', 'no such upload');
}

function sessionHeaders({ repository }: Exchange, { id, size }: Ingest): Record<string, string> {
  return {
    Location: `/v2/${repository}/blobs/uploads/${id}`,
    Range: uploadRange(size),
    'Docker-Upload-UUID': id,
  };
}
