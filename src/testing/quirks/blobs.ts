/** Quirks of reading blobs: redirects to storage, and ranges. */
import { answering, changed, changing, type Endpoint, endpointOf, requestTo, type Wrap, withBytes } from '../wrap.ts';

export interface RedirectOptions {
  /** @default 307 for blobs, 302 for manifests */
  readonly status?: number;
  /** What the URL is signed with. @default 'X-Amz-Signature=abc' */
  readonly query?: string;
  /** @default GET alone; GitLab Dedicated redirects HEAD to a URL that is signed for GET (moby#50065) */
  readonly methods?: readonly string[];
}

/** Docker Hub, ECR, ACR and GHCR keep blobs at another origin, behind a signed URL; some storages refuse an Authorization there. */
export function redirectBlobs(toOrigin: string, options: RedirectOptions = {}): Wrap {
  return redirecting('blob', toOrigin, { status: 307, ...options });
}

/** registry.access.redhat.com sends readers of manifests elsewhere, too (TritonDataCenter/node-docker-registry-client, 3.2.13). */
export function redirectManifests(toOrigin: string, options: RedirectOptions = {}): Wrap {
  return redirecting('manifest', toOrigin, { status: 302, ...options });
}

/** Who may not read it, and what is not there, is answered by the registry itself. */
function redirecting(endpoint: Endpoint, toOrigin: string, options: RedirectOptions): Wrap {
  const { status = 307, query = 'X-Amz-Signature=abc', methods = ['GET'] } = options;
  return (handler) => async (request, info) => {
    const response = await handler(request, info);
    if (!requestTo(endpoint, ...methods)(request) || !response.ok) return response;
    await response.body?.cancel();
    const location = `${toOrigin}${new URL(request.url).pathname}?${query}`;
    return new Response(null, { status, headers: { location, 'content-length': '0' } });
  };
}

/** A redirect of a blob to a URL that is relative to it, at the same origin: 307, or 308. */
export function relativeRedirect(status: number = 307): Wrap {
  const isFirst = (request: Request): boolean => requestTo('blob', 'GET')(request) && !request.url.includes('?');
  return changing(
    (request, response) => isFirst(request) && response.ok,
    async (response, { url }) => {
      await response.body?.cancel();
      const location = `${url.slice(url.lastIndexOf('/') + 1)}?signed=1`;
      // What is before the colon of a digest would be a scheme.
      return { status, body: null, headers: { location: `./${location}`, 'content-length': '0' } };
    },
  );
}

/** ECR has answered 405 about a blob that it has not got (TritonDataCenter/node-docker-registry-client, `v2.amazonecr.test.js`). */
export function unknownBlobAnswers(status: number = 405, code: string = 'UNSUPPORTED'): Wrap {
  return changing(
    (request, response) => requestTo('blob', 'GET', 'HEAD')(request) && response.status === 404,
    () => ({ status, body: JSON.stringify({ errors: [{ code }] }), headers: { 'content-length': undefined } }),
  );
}

/** S3, Azure and Google's storage refuse a request that is authorized twice (opa#6580, renovate#3877, oras-java#334). */
export function refuseAuthorization(): Wrap {
  return answering(
    (request) => request.headers.has('authorization'),
    () => new Response('<Error><Code>InvalidArgument</Code></Error>', { status: 400 }),
  );
}

/** Some registries and proxies know no ranges: the whole blob, and 200. */
export function ignoreRange(): Wrap {
  return (handler) => (request, info) => {
    if (!request.headers.has('range')) return handler(request, info);
    const headers = new Headers(request.headers);
    headers.delete('range');
    return handler(new Request(request, { headers }), info);
  };
}

/** A range that is answered from another place than asked: what `Content-Range` says is true, and not what was wanted. */
export function rangeFromElsewhere(shift: number): Wrap {
  return (handler) => (request, info) => {
    const [, start] = /^bytes=(\d+)-/.exec(request.headers.get('range') ?? '') ?? [];
    if (start === undefined) return handler(request, info);
    const headers = new Headers(request.headers);
    headers.set('range', `bytes=${Math.max(0, Number(start) + shift)}-`);
    return handler(new Request(request, { headers }), info);
  };
}

/** 206 without saying which part it is. */
export function rangeWithoutContentRange(): Wrap {
  return changing(
    (_, response) => response.status === 206,
    () => ({ headers: { 'content-range': undefined } }),
  );
}

/** CloudFront has sent a range as `multipart/byteranges`, with a boundary that no parser takes (known to containers/image). */
export function multipartRange(): Wrap {
  return (handler) => async (request, info) => {
    const response = await handler(request, info);
    if (response.status !== 206) return response;
    const range = response.headers.get('content-range') ?? '';
    const head = new TextEncoder().encode(`--a:b\r\nContent-Range: ${range}\r\n\r\n`);
    const answer = withBytes(response, request, async function* (bytes) {
      yield head;
      yield* bytes;
      yield new TextEncoder().encode('\r\n--a:b--\r\n');
    });
    const headers = { 'content-type': 'multipart/byteranges; boundary=a:b', 'content-length': undefined };
    return changed(answer, { headers: { ...headers, 'content-range': undefined } });
  };
}

/** 206 to a request that asked for no range. */
export function alwaysPartial(): Wrap {
  return changing(
    (request, response) => request.method === 'GET' && endpointOf(request) === 'blob' && response.status === 200,
    () => ({ status: 206 }),
  );
}

/** A registry whose storage has rotted: other bytes, under the right name and length. */
export function rottenBlobs(): Wrap {
  return (handler) => async (request, info) => {
    const response = await handler(request, info);
    if (!requestTo('blob', 'GET')(request) || !response.ok) return response;
    return withBytes(response, request, async function* (bytes) {
      for await (const chunk of bytes) yield new Uint8Array(chunk.length);
    });
  };
}
