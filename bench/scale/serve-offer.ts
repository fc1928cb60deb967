/**
 * A registry that is read only and costs next to nothing, whatever its size, so that what is measured is the client: a page of a list is
 * counted out, a large blob is zeros. It asks for no proof, and is no example of a registry.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import type { Blob, Offer } from './offer.ts';

const PAGE = 1000;

export function serveOffer(offer: Offer): RequestListener {
  return (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    const [, kind = '', name = ''] =
      /^\/v2\/(?:scale\/)?(_catalog|tags|manifests|blobs)(?:\/(.+))?$/.exec(pathname) ?? [];
    if (pathname === '/v2/') return void response.end('{}');
    if (kind === '_catalog' || kind === 'tags') return giveNames(response, offer, pathname, searchParams);
    const manifest = kind === 'manifests' ? (offer.manifests.get(name) ?? offer.root) : undefined;
    const blob = kind === 'blobs' ? offer.blobs.get(name) : undefined;
    if (manifest !== undefined) {
      const { mediaType, digest } = manifest.descriptor;
      response.setHeader('content-type', mediaType).setHeader('docker-content-digest', digest);
      return give(request, response, { size: manifest.bytes.length, open: () => [manifest.bytes] });
    }
    if (blob !== undefined) return give(request, response, blob);
    response.writeHead(404).end();
  };
}

/** As many digits everywhere, so that order is number. */
const nameAt = (at: number): string => `n${String(at).padStart(7, '0')}`;

function giveNames(response: ServerResponse, { names }: Offer, path: string, query: URLSearchParams): void {
  const last = query.get('last');
  const from = last === null ? 0 : Number(last.slice(1)) + 1;
  const end = Math.min(from + Math.min(Number(query.get('n') ?? PAGE), PAGE), names);
  const listed = Array.from({ length: end - from }, (_, at) => nameAt(from + at));
  const next = `<${path}?n=${PAGE}&last=${nameAt(end - 1)}>; rel="next"`;
  response.writeHead(200, { 'content-type': 'application/json', ...(end < names ? { link: next } : {}) });
  response.end(JSON.stringify({ [path.endsWith('_catalog') ? 'repositories' : 'tags']: listed }));
}

function give({ method, headers }: IncomingMessage, response: ServerResponse, blob: Blob): void {
  const { size } = blob;
  const [, from = '0'] = /^bytes=(\d+)-/.exec(headers.range ?? '') ?? [];
  const start = Number(from);
  response.setHeader('content-length', size - start).setHeader('accept-ranges', 'bytes');
  if (start > 0) response.setHeader('content-range', `bytes ${start}-${size - 1}/${size}`);
  response.writeHead(start > 0 ? 206 : 200);
  if (method === 'HEAD') response.end();
  else Readable.from(blob.open(start, size), { objectMode: false }).pipe(response);
}
