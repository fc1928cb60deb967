/** Whether a blob is there, and how large it is: by HEAD, else by the first byte of a GET. It reads no content. */
import { isOciError, OciError, throwIfAborted } from '../errors.ts';
import type { Call, WireResponse } from '../model/call.ts';
import type { Descriptor } from '../model/descriptor.ts';
import { type Digest, parseDigest } from '../model/digest.ts';
import { OCTET_STREAM } from '../model/media-types.ts';
import { parseContentRange } from './ranges.ts';
import {
  type Access,
  ask,
  contentLength,
  encodingOf,
  type Exchange,
  failed,
  pathIn,
  scopesFor,
  settle,
  wireResponse,
} from './requests.ts';
import { nameOf, type Place } from './session.ts';

/** What is known of a blob without its bytes. */
export interface BlobHead {
  readonly descriptor: Descriptor;
  readonly response: WireResponse;
}

/**
 * The size of a blob; undefined: it is not there.
 * @throws OciError `DIGEST_INVALID`, `UNAUTHORIZED`, `DENIED`, `PROTOCOL` when the registry does not tell the size
 */
export async function headBlob(
  place: Place,
  blob: Digest,
  call: Call = {},
  access: Access = 'pull',
): Promise<BlobHead | undefined> {
  throwIfAborted(call.signal);
  const digest = parseDigest(blob);
  if (place.facts.blobHead === 'broken') return byFirstByte(place, digest, call, access);
  const exchange = await askBlob(place, 'HEAD', digest, call, access);
  const { response } = exchange;
  const { status } = response;
  const size = status === 200 ? contentLength(response) : undefined;
  const refused = refusesHead.has(status);
  if (status !== 200 && status !== 404 && !refused) {
    throw await failed(exchange, `cannot look up ${nameOf(place)}@${digest}`);
  }
  await settle(exchange);
  if (status === 404) return undefined;
  if (size !== undefined) return headOf(exchange, digest, size);
  const found = await byFirstByte(place, digest, call, access);
  // 400, 403 and 405 may be about this blob only.
  if (found !== undefined || status === 501) place.facts.blobHead = 'broken';
  return found;
}

/** 403: a redirect to a URL that is signed for GET only (GitLab Dedicated, moby#50065). */
const refusesHead = new Set([400, 403, 405, 501]);

async function byFirstByte(place: Place, digest: Digest, call: Call, access: Access): Promise<BlobHead | undefined> {
  const exchange = await askBlob(place, 'GET', digest, call, access);
  const { response } = exchange;
  const { status, headers } = response;
  if (status !== 200 && status !== 206 && status !== 416) {
    const error = await failed(exchange, `cannot look up ${nameOf(place)}@${digest}`);
    // ECR has answered 405 about what is not there, and to a GET it can mean nothing else.
    if (status === 404 || status === 405) return undefined;
    throw error;
  }
  await response.cancel();
  const total = status === 200 ? contentLength(response) : parseContentRange(headers['content-range'])?.total;
  if (total !== undefined && encodingOf(headers) === undefined) return headOf(exchange, digest, total);
  throw new OciError('PROTOCOL', `${nameOf(place)} does not tell the size of ${digest}`, { status });
}

function askBlob(place: Place, method: 'HEAD' | 'GET', digest: Digest, call: Call, access: Access): Promise<Exchange> {
  return ask(place, {
    method,
    path: pathIn(place, `blobs/${digest}`),
    headers: { 'accept-encoding': 'identity', ...(method === 'GET' ? { range: 'bytes=0-0' } : {}) },
    scopes: scopesFor(place, access),
    direct: access !== 'pull',
    ...call,
  });
}

function headOf({ response }: Exchange, digest: Digest, size: number): BlobHead {
  return { descriptor: { mediaType: OCTET_STREAM, digest, size }, response: wireResponse(response) };
}

/**
 * Is a blob of this size there already? Asked by whoever is about to send it: a registry that does not tell is sent it again.
 * @throws OciError `UNAUTHORIZED`, `RATE_LIMITED`, `SERVER_ERROR`, `UNREACHABLE`
 */
export async function blobIsThere(place: Place, { digest, size }: Descriptor, call: Call): Promise<boolean> {
  try {
    const head = await headBlob(place, digest, call, 'push');
    return head?.descriptor.size === size;
  } catch (error) {
    if (isOciError(error, 'PROTOCOL', 'DENIED', 'UNSUPPORTED')) return false;
    throw error;
  }
}
