/** Quirks of uploads: mounts, chunks, and sessions that get lost. */
import type { Handler } from '../../server/handler.ts';
import { answering, changed, changing, endpointOf, errorAnswer, requestTo, type Wrap } from '../wrap.ts';

const isMount = (request: Request): boolean =>
  requestTo('uploads', 'POST')(request) && new URL(request.url).searchParams.has('mount');

/** Most registries between projects: a mount is answered with 202, a session to upload to. */
export function noMount(): Wrap {
  return (handler) => (request, info) => {
    if (!isMount(request)) return handler(request, info);
    const url = new URL(request.url);
    url.search = '';
    const { method, headers, signal } = request;
    return handler(new Request(url, { method, headers, signal }), info);
  };
}

/** A mount is an error: quay 400 (quay#899), Harbor 401 and 404 (harbor#17097), GitLab 401 (manifest-tool#53). */
export function mountRefused(status: number, code: string = 'UNSUPPORTED'): Wrap {
  return answering(isMount, () => errorAnswer(status, code));
}

/** A registry that takes no blob in the POST itself, as most: 202 instead. */
export function noSinglePost(): Wrap {
  return (handler) => (request, info) => {
    const url = new URL(request.url);
    if (!requestTo('uploads', 'POST')(request) || !url.searchParams.has('digest')) return handler(request, info);
    url.searchParams.delete('digest');
    const { method, headers, signal } = request;
    return handler(new Request(url, { method, headers, signal }), info);
  };
}

/** Artifactory wants POST, PATCH, PUT: a PUT that brings the blob is 404 BLOB_UNKNOWN (buildx#196). */
export function noMonolithic(): Wrap {
  return answering(
    (request) => requestTo('upload', 'PUT')(request) && Number(request.headers.get('content-length') ?? 0) > 0,
    () => errorAnswer(404, 'BLOB_UNKNOWN'),
  );
}

/** Google's registries take no chunks (dotnet/sdk-container-builds#287, kitops#780, skopeo#1101). */
export function noChunks(status: number = 404): Wrap {
  return answering(
    (request) => requestTo('upload', 'PATCH')(request) && request.headers.has('content-range'),
    () => errorAnswer(status, 'UNSUPPORTED', 'chunked uploads are not supported'),
  );
}

/** ECR answers a PATCH with 201 (openai/tart#273), Google's Container Registry with 204 (containerd#1318). */
export function patchAnswers(status: number): Wrap {
  return changing(
    (request, response) => requestTo('upload', 'PATCH')(request) && response.status === 202,
    () => ({ status, ...(status === 204 ? { body: null } : {}) }),
  );
}

/** ECR drops the chunks after the first: 201, and `Range` stands still (aws/containers-roadmap#2831). */
export function patchNotAdvancing(): Wrap {
  return (handler) => {
    const seen = new Map<string, string>();
    return async (request, info) => {
      const { pathname } = new URL(request.url);
      const range = seen.get(pathname);
      if (!requestTo('upload', 'PATCH')(request)) return await handler(request, info);
      if (range !== undefined) {
        await request.arrayBuffer();
        return new Response(null, { status: 201, headers: { location: pathname, range, 'content-length': '0' } });
      }
      const response = await handler(request, info);
      seen.set(pathname, response.headers.get('range') ?? '');
      return changed(response, { status: 201 });
    };
  };
}

/** GHCR refuses a chunk over 4 MiB with 416 (rust-oci-client#35), Cloudflare a body over 100 MB with 413 (mise#11141). */
export function largestBody(bytes: number, status: number = 416): Wrap {
  return answering(
    (request) => endpointOf(request) === 'upload' && Number(request.headers.get('content-length') ?? 0) > bytes,
    () => new Response('request body too large', { status }),
  );
}

/** S3 behind ECR wants parts of 5 MiB at least, but for the last (dotnet/sdk-container-builds#279): it announces that, and refuses what follows a smaller one. */
export function smallestChunk(bytes: number): Wrap {
  return (handler) => {
    const small = new Set<string>();
    return async (request, info) => {
      const { pathname } = new URL(request.url);
      const isChunk = requestTo('upload', 'PATCH')(request);
      if (isChunk && small.has(pathname)) return errorAnswer(400, 'BLOB_UPLOAD_INVALID', 'a part is too small');
      if (isChunk && Number(request.headers.get('content-length') ?? bytes) < bytes) small.add(pathname);
      const response = await handler(request, info);
      const isStart = requestTo('uploads', 'POST')(request) && response.status === 202;
      return isStart ? changed(response, { headers: { 'oci-chunk-min-length': String(bytes) } }) : response;
    };
  };
}

/** Gitea tells an empty upload as `0--1` (gitea#34795, distribution-spec#578). */
export function emptyRange(range: string = '0--1'): Wrap {
  return changing(
    (request, response) => endpointOf(request) === 'uploads' && response.headers.get('range') === '0-0',
    () => ({ headers: { range } }),
  );
}

/** Gitea takes a stream once; chunks must say where they belong (dotnet/sdk-container-builds#471). */
export function streamOnce(): Wrap {
  return (handler) => {
    const written = new Set<string>();
    return async (request, info) => {
      const { pathname } = new URL(request.url);
      if (!requestTo('upload', 'PATCH')(request)) return await handler(request, info);
      if (written.has(pathname) && !request.headers.has('content-range')) {
        return errorAnswer(416, 'BLOB_UPLOAD_INVALID', 'Stream uploads after first write are not allowed');
      }
      written.add(pathname);
      return await handler(request, info);
    };
  };
}

/**
 * Behind a load balancer without affinity a session is unknown to the next node (harbor#17504, harbor-helm#839): so many
 * times. Of the node's own storage it may be invalid instead: 400 `BLOB_UPLOAD_INVALID`.
 */
export function loseUploadSession(
  times: number,
  methods: readonly string[] = ['PATCH', 'PUT', 'GET'],
  { status = 404, code = 'BLOB_UPLOAD_UNKNOWN' }: { readonly status?: number; readonly code?: string } = {},
): Wrap {
  return (handler: Handler) => {
    const lost = new Set<string>();
    return async (request, info) => {
      const { pathname } = new URL(request.url);
      if (requestTo('upload', ...methods)(request) && lost.size < times) lost.add(pathname);
      return lost.has(pathname) ? errorAnswer(status, code) : await handler(request, info);
    };
  };
}

/** A status, or a 416, that does not tell how far the upload has come. */
export function withoutUploadRange(): Wrap {
  return changing(
    (request) => endpointOf(request) === 'upload',
    () => ({ headers: { range: undefined, location: undefined } }),
  );
}
