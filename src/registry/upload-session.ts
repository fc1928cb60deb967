/**
 * Upload sessions (distribution-spec, "Pushing blobs"): beginning, looking up, closing and giving up one. Its URL is the
 * registry's to choose, and is sent back byte for byte.
 */
import { isOciError, OciError } from '../errors.ts';
import type { Call } from '../model/call.ts';
import { type Digest, digestAlgorithm } from '../model/digest.ts';
import { uploadedBytes } from './ranges.ts';
import { apiUrl, ask, type Exchange, failed, followed, pathIn, scopesFor, settle } from './requests.ts';
import { nameOf, type Place } from './session.ts';

export interface UploadSession {
  readonly url: string;
  /** The smallest chunk that the registry takes, in bytes; 0: it does not say. */
  readonly minChunk: number;
}

/**
 * Mounts a blob from another repository of the registry.
 * @returns a session where the registry has begun an upload instead; undefined where it did nothing.
 */
export async function mountBlob(
  place: Place,
  digest: Digest,
  from: string,
  call: Call,
): Promise<'mounted' | UploadSession | undefined> {
  const query = `mount=${encodeURIComponent(digest)}&from=${encodeURIComponent(from)}`;
  const scopes = [...scopesFor(place, 'push'), `repository:${from}:pull`];
  try {
    const exchange = await post(place, query, scopes, call);
    const { status } = exchange.response;
    await settle(exchange);
    if (status === 201) return 'mounted';
    return status === 202 ? sessionOf(place, exchange) : undefined;
  } catch (error) {
    // No token for the source, a 500 that stays, no Location: whatever it is, the blob can still be sent.
    if (call.signal?.aborted !== true && isOciError(error)) return undefined;
    throw error;
  }
}

/** @throws OciError `NOT_FOUND`, `UNAUTHORIZED`, `DENIED`, `PROTOCOL`, `REDIRECT_REFUSED` */
export async function startUpload(place: Place, digest: Digest, call: Call): Promise<UploadSession> {
  const algorithm = digestAlgorithm(digest);
  const query = algorithm === 'sha256' ? '' : `digest-algorithm=${algorithm}`;
  const exchange = await post(place, query, scopesFor(place, 'push'), call);
  if (exchange.response.status !== 202) throw await failed(exchange, `cannot begin an upload to ${nameOf(place)}`);
  await settle(exchange);
  return sessionOf(place, exchange);
}

/** Begun twice, it leaves an empty session behind, which does no harm. */
function post(place: Place, query: string, scopes: readonly string[], call: Call): Promise<Exchange> {
  return ask(place, {
    method: 'POST',
    path: pathIn(place, `blobs/uploads/${query === '' ? '' : `?${query}`}`),
    scopes,
    idempotent: true,
    signal: call.signal,
    on: call.on,
  });
}

const MAX_MIN_CHUNK = 512 * 1024 * 1024;

function sessionOf(place: Place, exchange: Exchange): UploadSession {
  const { headers } = exchange.response;
  const url = locationOf(place, exchange) ?? uuidUrl(place, headers['docker-upload-uuid']);
  if (url === undefined)
    throw new OciError('PROTOCOL', `${nameOf(place)} began an upload, but told no Location for it`);
  const minChunk = Number(headers['oci-chunk-min-length'] ?? 0);
  return { url, minChunk: minChunk > 0 && minChunk <= MAX_MIN_CHUNK ? minChunk : 0 };
}

/** The `Location` of an answer: absolute or relative, with or without a query, on the registry or elsewhere. */
export function locationOf(place: Place, { response }: Exchange): string | undefined {
  const { location } = response.headers;
  return location === undefined ? undefined : followed(place, response.url, location, 'Location');
}

/** Harbor has been seen to send the id of a session only. */
function uuidUrl(place: Place, uuid: string | undefined): string | undefined {
  const usable = uuid !== undefined && /^[\w-]{1,128}$/.test(uuid);
  return usable ? apiUrl(place, pathIn(place, `blobs/uploads/${uuid}`)) : undefined;
}

/** A session's URL with the digest that closes it. */
export function closingUrl(url: string, digest: Digest): string {
  return `${url}${url.includes('?') ? '&' : '?'}digest=${encodeURIComponent(digest)}`;
}

/** How far a session is. */
export interface UploadStatus {
  readonly url: string;
  /** Bytes that the registry has. */
  readonly bytes: number;
}

/** Asks a session how far it is. @throws OciError `UPLOAD_INVALID` when it is lost */
export async function uploadStatus(place: Place, url: string, sent: number, call: Call): Promise<UploadStatus> {
  const exchange = await ask(place, { method: 'GET', url, scopes: scopesFor(place, 'push'), ...call });
  const { status, headers } = exchange.response;
  const bytes = uploadedBytes(headers.range, sent);
  if (status < 200 || status > 299 || bytes === undefined) {
    const { message } = await failed(exchange, 'cannot look up an upload');
    throw new OciError('UPLOAD_INVALID', `${nameOf(place)} has lost an upload: ${message}`, { status });
  }
  await settle(exchange);
  return { url: locationOf(place, exchange) ?? url, bytes };
}

const CANCEL_MS = 2000;

/** Gives a session up: the registry may forget its bytes. Nothing depends on it, so it is asked once and not for long. */
export async function cancelUpload(place: Place, { url }: Pick<UploadSession, 'url'>, { on }: Call): Promise<void> {
  try {
    const signal = AbortSignal.timeout(CANCEL_MS);
    const scopes = scopesFor(place, 'push');
    await settle(await ask(place, { method: 'DELETE', url, scopes, idempotent: false, signal, on }));
  } catch {
    // It ends by itself in the end.
  }
}
