/** Blobs (distribution-spec, "Pulling blobs", "Deleting Blobs"). */
import type { Descriptor } from '../model/descriptor.ts';
import { type Digest, parseDigest } from '../model/digest.ts';
import { OCTET_STREAM } from '../model/media-types.ts';
import { streamOf } from './body.ts';
import { plainProblem, problem } from './errors.ts';
import { type Exchange, storeOf } from './exchange.ts';
import { parseRange, type Window } from './range.ts';
import { contentHeaders, empty, entityTag, namesTag } from './responses.ts';

/** `GET` and `HEAD /v2/<name>/blobs/<digest>`. */
export async function getBlob(exchange: Exchange): Promise<Response> {
  const digest = parseDigest(exchange.target);
  const descriptor = await storeOf(exchange).stat(digest, exchange.call);
  if (descriptor === undefined) return unknownBlob();
  const headers = { ...contentHeaders(descriptor), 'Accept-Ranges': 'bytes' };
  const known = exchange.request.headers.get('if-none-match');
  if (known !== null && namesTag(known, digest)) return empty(304, headers);
  const window = windowOf(exchange.request, descriptor);
  if (window === 'unsatisfiable') {
    return plainProblem(416, 'the range is not within the blob', { 'Content-Range': `bytes */${descriptor.size}` });
  }
  return blobResponse(exchange, descriptor, window, headers);
}

/** `Range` is for GET alone, and for the blob that `If-Range` names (RFC 9110, "Range Requests"). */
function windowOf({ method, headers }: Request, { digest, size }: Descriptor): ReturnType<typeof parseRange> {
  const condition = headers.get('if-range');
  if (method !== 'GET' || (condition !== null && condition !== entityTag(digest))) return undefined;
  return parseRange(headers.get('range'), size);
}

function blobResponse(
  exchange: Exchange,
  descriptor: Descriptor,
  window: Window | undefined,
  headers: Record<string, string>,
): Response {
  const { start, end } = window ?? { start: 0, end: descriptor.size };
  const range = window && { 'Content-Range': `bytes ${start}-${end - 1}/${descriptor.size}` };
  const content = storeOf(exchange).blob(descriptor);
  const isHead = exchange.request.method === 'HEAD';
  return new Response(isHead ? null : streamOf(content.open({ ...exchange.call, ...window })), {
    status: window === undefined ? 200 : 206,
    // a blob is whatever somebody has pushed: its media type is not told to browsers
    headers: { ...headers, ...range, 'Content-Type': OCTET_STREAM, 'Content-Length': String(end - start) },
  });
}

/** `DELETE /v2/<name>/blobs/<digest>`. */
export async function deleteBlob(exchange: Exchange): Promise<Response> {
  const blob = parseDigest(exchange.target);
  const outcome = await storeOf(exchange).delete({ blob }, exchange.call);
  return outcome === 'deleted' ? empty(202) : unknownBlob();
}

/** Where a blob can be pulled. */
export function blobLocation({ repository }: Exchange, digest: Digest): string {
  return `/v2/${repository}/blobs/${digest}`;
}

function unknownBlob(): Response {
  return problem(404, 'BLOB_UNKNOWN', 'blob unknown to registry');
}
