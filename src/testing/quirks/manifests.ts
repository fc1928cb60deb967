/** Quirks of manifests: heads, deletions, and what is refused at a push. */
import { answering, changing, endpointOf, errorAnswer, repositoryIn, requestTo, type Wrap } from '../wrap.ts';

/** Nexus 405 (docker-registry-util#3) or 404 (registry-cli#14), registry.centos.org 403 (containerd#6684): HEAD does not work, GET does. */
export function headUnsupported(status: number = 405): Wrap {
  return answering(
    (request) => request.method === 'HEAD',
    () => new Response(null, { status }),
  );
}

/** Gitea has answered 501 about a manifest that it has not got (gitea#25846). */
export function unknownManifestAnswers(status: number = 501): Wrap {
  return changing(
    (request, response) => requestTo('manifest', 'GET', 'HEAD')(request) && response.status === 404,
    () => ({ status, body: null, headers: { 'content-length': undefined } }),
  );
}

/** docker-registry 2.8 takes a tag for a digest: 400 DIGEST_INVALID. ACR refuses as well (fluxcd/pkg#328). */
export function tagDeleteUnsupported(status: number = 400, code: string = 'DIGEST_INVALID'): Wrap {
  return answering(isTagDelete, () => errorAnswer(status, code, 'provided digest did not match uploaded content'));
}

/** Docker Hub (reg#143) and GHCR (fluxcd/pkg#328) delete nothing over this API. */
export function deleteUnsupported(status: number = 405): Wrap {
  return answering(
    (request) => request.method === 'DELETE' && endpointOf(request) !== 'upload',
    () => errorAnswer(status, 'UNSUPPORTED', 'the operation is unsupported'),
  );
}

/** The tags of a manifest. */
export type TagsOf = (digest: string, repository: string) => readonly string[] | Promise<readonly string[]>;

/** Google's registries delete a manifest only after its tags (fluxcd/pkg#328). */
export function danglingTagRefused(tagsOf: TagsOf): Wrap {
  return answering(
    async (request) => isManifestDelete(request) && (await tagsOf(lastPart(request), repositoryIn(request))).length > 0,
    () => errorAnswer(400, 'GOOGLE_MANIFEST_DANGLING_TAG', 'Manifest is still referenced by one or more tags'),
  );
}

/** ECR refuses an OCI manifest without `mediaType` (containers/image knows it). */
export function mediaTypeRequired(): Wrap {
  return (handler) => async (request, info) => {
    if (!requestTo('manifest', 'PUT')(request)) return await handler(request, info);
    const text = await request.clone().text();
    const refused = !text.includes('"mediaType"') || !('mediaType' in (JSON.parse(text) as object));
    return refused ? errorAnswer(405, 'UNSUPPORTED', 'Invalid JSON syntax') : await handler(request, info);
  };
}

/** ECR makes no repository by itself (aws/containers-roadmap#853): a push to one that is not there is 404. */
export function noAutoCreate(
  repositories: readonly string[] | ((repository: string) => boolean | Promise<boolean>),
): Wrap {
  const isThere = typeof repositories === 'function' ? repositories : (name: string) => repositories.includes(name);
  return answering(
    async (request) => ['POST', 'PUT', 'PATCH'].includes(request.method) && !(await isThere(repositoryIn(request))),
    () => errorAnswer(404, 'NAME_UNKNOWN', 'The repository does not exist in the registry'),
  );
}

/** registry.redhat.io says no more than that (known to containers/image) of what is not there. */
export function vagueErrors(): Wrap {
  return changing(
    (_, response) => response.status === 404,
    () => ({
      body: JSON.stringify({ errors: [{ code: 'UNKNOWN', message: 'Not Found' }] }),
      headers: { 'content-length': undefined },
    }),
  );
}

/** A manifest PUT whose 201 tells neither `Location` nor digest. */
export function putWithoutHeaders(): Wrap {
  return changing(requestTo('manifest', 'PUT'), () => ({
    headers: { location: undefined, 'docker-content-digest': undefined },
  }));
}

/** Harbor on several nodes, and other storage that is consistent in the end only (harbor#17504): the first PUTs miss blobs. */
export function blobsSeenLate(times: number, digest: string): Wrap {
  let left = times;
  return answering(
    (request) => requestTo('manifest', 'PUT')(request) && left-- > 0,
    () => {
      const errors = [{ code: 'MANIFEST_BLOB_UNKNOWN', message: 'blob unknown to registry', detail: { digest } }];
      return new Response(JSON.stringify({ errors }), { status: 400, headers: { 'Content-Type': 'application/json' } });
    },
  );
}

function isManifestDelete(request: Request): boolean {
  return request.method === 'DELETE' && endpointOf(request) === 'manifest';
}

function isTagDelete(request: Request): boolean {
  return isManifestDelete(request) && !lastPart(request).includes(':');
}

function lastPart({ url }: Request): string {
  const { pathname } = new URL(url);
  return decodeURIComponent(pathname.slice(pathname.lastIndexOf('/') + 1));
}
