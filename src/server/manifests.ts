/** Manifests (distribution-spec, "Pulling manifests", "Pushing Manifests", "Deleting Manifests"): the exact bytes, under the media type they came with. */
import { isOciError, OciError } from '../errors.ts';
import { readAll } from '../bytes/read.ts';
import type { Descriptor } from '../model/descriptor.ts';
import { type Digest, isDigest } from '../model/digest.ts';
import type { Manifest } from '../model/manifest.ts';
import { bareMediaType, OCTET_STREAM } from '../model/media-types.ts';
import { checkTag } from '../model/reference.ts';
import { manifestFrom } from '../store/content.ts';
import { failure, plainProblem, problem } from './errors.ts';
import { type Exchange, storeOf } from './exchange.ts';
import { contentHeaders, created, empty, namesTag, whole } from './responses.ts';

/** `GET` and `HEAD /v2/<name>/manifests/<tag or digest>`. A HEAD reads no manifest. */
export async function getManifest(exchange: Exchange): Promise<Response> {
  const { target, call, request } = exchange;
  const store = storeOf(exchange);
  const descriptor = await store.resolve(target, call);
  if (descriptor === undefined) return unknownManifest();
  const known = request.headers.get('if-none-match');
  if (known !== null && namesTag(known, descriptor.digest)) return empty(304, contentHeaders(descriptor));
  if (request.method === 'HEAD') return new Response(null, { headers: manifestHeaders(descriptor) });
  try {
    const { bytes } = await store.manifest(descriptor, call);
    return whole(bytes, descriptor.mediaType, contentHeaders(descriptor));
  } catch (error) {
    if (isOciError(error, 'NOT_FOUND')) return unknownManifest();
    throw error;
  }
}

function manifestHeaders(descriptor: Descriptor): Record<string, string> {
  const { mediaType, size } = descriptor;
  return { ...contentHeaders(descriptor), 'Content-Type': mediaType, 'Content-Length': String(size) };
}

/** `PUT /v2/<name>/manifests/<tag or digest>`. */
export async function putManifest(exchange: Exchange): Promise<Response> {
  const { target, repository, call } = exchange;
  const tags = tagsOf(exchange);
  if (tags.length > exchange.limits.tagsPerPut) return plainProblem(414, 'too many tags at once');
  const manifest = parse(await readManifest(exchange), exchange);
  const ifMatch = await expected(exchange);
  if (ifMatch === 'failed') return failure(new OciError('CONFLICT', `${repository}:${target} is another one now`));
  await storeOf(exchange).putManifest(manifest, { ...call, tags, ifMatch });
  const { digest } = manifest.descriptor;
  const subject = manifest.subject && { 'OCI-Subject': manifest.subject.digest };
  const more = isDigest(target) && tags.length > 0 && { 'OCI-Tag': tags.join(', ') };
  return created(`/v2/${repository}/manifests/${digest}`, digest, { ...subject, ...more });
}

/** The tag of the path; or, beside a digest, those of the query (distribution-spec, end-7b). */
function tagsOf({ target, url }: Exchange): readonly string[] {
  return isDigest(target) ? url.searchParams.getAll('tag').map(checkTag) : [target];
}

async function readManifest({ request, limits, body }: Exchange): Promise<Uint8Array> {
  const announced = Number(request.headers.get('content-length') ?? 0);
  if (announced > limits.manifestBytes) {
    throw new OciError('TOO_LARGE', `a manifest is larger than ${limits.manifestBytes} bytes`);
  }
  return await readAll(body(), limits.manifestBytes, 'a manifest');
}

/** Whatever is wrong with the document is `MANIFEST_INVALID`; a digest that is not its own is `DIGEST_INVALID`. */
function parse(bytes: Uint8Array, { request, target }: Exchange): Manifest {
  const announced = announcedType(request);
  try {
    const manifest = manifestFrom(bytes, announced, isDigest(target) ? target : undefined);
    if (announced === undefined || announced === manifest.descriptor.mediaType) return manifest;
  } catch (error) {
    if (!isOciError(error) || error.code === 'DIGEST_MISMATCH') throw error;
    throw new OciError('MANIFEST_INVALID', error.message, { cause: error });
  }
  throw new OciError('MANIFEST_INVALID', `not a valid manifest: it was announced as ${announced}`);
}

/** Types that say nothing of a manifest are those of clients that do not know better. */
function announcedType({ headers }: Request): string | undefined {
  const type = bareMediaType(headers.get('content-type') ?? undefined);
  return type === 'application/json' || type === OCTET_STREAM ? undefined : type;
}

/** The digest that `If-Match` demands for the tag; the store then holds to it. */
async function expected(exchange: Exchange): Promise<Digest | 'failed' | undefined> {
  const condition = exchange.request.headers.get('if-match');
  if (condition === null) return undefined;
  const current = await storeOf(exchange).resolve(exchange.target, exchange.call);
  return current !== undefined && namesTag(condition, current.digest) ? current.digest : 'failed';
}

/** `DELETE /v2/<name>/manifests/<tag or digest>`: of a tag this tag alone, of a manifest all its tags with it. */
export async function deleteManifest(exchange: Exchange): Promise<Response> {
  const { target, call } = exchange;
  const what = isDigest(target) ? { manifest: target } : { tag: target };
  const outcome = await storeOf(exchange).delete(what, call);
  return outcome === 'deleted' ? empty(202) : unknownManifest();
}

function unknownManifest(): Response {
  return problem(404, 'MANIFEST_UNKNOWN', 'manifest unknown to registry');
}
