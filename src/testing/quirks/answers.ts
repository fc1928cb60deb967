/** Quirks of headers and encodings, on whatever endpoint they are asked for. */
import { type Changes, changed, changing, errorAnswer, requestTo, type Wrap } from '../wrap.ts';

const isGood = (_: Request, response: Response): boolean => response.ok;

/** ECR, Red Hat and static registries tell no digest on some answers (distribution#3792, containerd#3238, lstags#186). */
export function withoutDigestHeader(): Wrap {
  return changing(isGood, () => ({ headers: { 'docker-content-digest': undefined, etag: undefined } }));
}

/** A proxy or cache that tells the digest of something else; ggcr gave up comparing it for tags. */
export function wrongDigestHeader(digest: string = `sha256:${'0'.repeat(64)}`): Wrap {
  return changing(
    (request, response) => response.ok && response.headers.has('docker-content-digest') && request.method !== 'PUT',
    () => ({ headers: { 'docker-content-digest': digest } }),
  );
}

/** `Warning: 299`, with which a registry speaks to people (distribution-spec, "Warnings"). */
export function warningHeader(text: string): Wrap {
  return changing(isGood, () => ({ headers: { warning: `299 - "${text.replace(/["\\]/g, '\\$&')}"` } }));
}

/**
 * Docker Hub counts the manifests that are read, not those that are asked for by HEAD, and says with each how many are left
 * of how many in six hours (docker/docs, `docker-hub/usage/pulls.md`); then it is 429.
 */
export function rateLimit(limit: number = 100): Wrap {
  let left = limit;
  return (handler) => async (request, info) => {
    if (!requestTo('manifest', 'GET', 'HEAD')(request)) return await handler(request, info);
    if (request.method === 'GET' && left === 0)
      return errorAnswer(429, 'TOOMANYREQUESTS', 'You have reached your pull rate limit.');
    const response = await handler(request, info);
    if (response.ok && request.method === 'GET') left--;
    const headers = { 'ratelimit-limit': `${limit};w=21600`, 'ratelimit-remaining': `${left};w=21600` };
    return response.ok ? changed(response, { headers }) : response;
  };
}

/** A registry behind a proxy, both of which say `Docker-Distribution-Api-Version` (TritonDataCenter/node-docker-registry-client, 3.2.4). */
export function versionSaidTwice(): Wrap {
  return changing(isGood, () => ({ headers: { 'docker-distribution-api-version': 'registry/2.0, registry/2.0' } }));
}

/** Answers without a length: serverless registries drop it (cloudflare/serverless-registry#136). */
export function withoutContentLength(): Wrap {
  return changing(isGood, () => ({ headers: { 'content-length': undefined } }));
}

/** Harbor, Google's registries and quay compress what was asked for as it is (oras#1626, oras-go#1176, quay#1310). */
export function gzipEncoded(): Wrap {
  return changing(
    (_, response) => response.status === 200 && response.body !== null,
    (response) => ({
      headers: { 'content-encoding': 'gzip', 'content-length': undefined },
      body: response.body?.pipeThrough(new CompressionStream('gzip')),
    }),
  );
}

/** Pulp and some mirrors say gzip of a body that is not (moby#17595, docker-archive/docker-registry#369). */
export function gzipLabelled(encoding: string = 'x-gzip'): Wrap {
  return changing(isGood, () => ({ headers: { 'content-encoding': encoding } }));
}

/** Static files in a bucket know no media types (distribution#2384): a manifest comes as a stream of bytes. */
export function withoutMediaType(contentType: string = 'binary/octet-stream'): Wrap {
  return changing(
    (request, response) => requestTo('manifest', 'GET', 'HEAD')(request) && response.ok,
    () => ({ headers: { 'content-type': contentType } }),
  );
}

/** Some registries answer a DELETE with 200 or 204 instead of 202. */
export function deleteAnswers(status: number): Wrap {
  return changing(
    (request, response) => request.method === 'DELETE' && response.status === 202,
    () => ({ status, ...noBodyFor(status) }),
  );
}

function noBodyFor(status: number): Changes {
  return status === 204 ? { body: null, headers: { 'content-length': undefined } } : {};
}

/** Docker Hub and ECR Public refuse in plain text or HTML where JSON is due (hub-feedback#1907). */
export function plainTextErrors(text: string = 'Too Many Requests (HAP429).\n'): Wrap {
  return (handler) => async (request, info) => {
    const response = await handler(request, info);
    if (response.ok) return response;
    return changed(response, { body: text, headers: { 'content-type': 'text/plain', 'content-length': undefined } });
  };
}
