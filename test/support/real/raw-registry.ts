/** The distribution protocol by single plain requests: how tests look into a registry, and attach things to images in it. */
import { createHash } from 'node:crypto';
import { type RawAnswer, type RawRequest, rawRequest } from './raw-request.ts';
import type { SetUp } from './set-ups.ts';

export interface RawDescriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

const index = 'application/vnd.oci.image.index.v1+json';
const manifest = 'application/vnd.oci.image.manifest.v1+json';
const docker = 'application/vnd.docker.distribution.manifest';
const accept = [index, manifest, `${docker}.list.v2+json`, `${docker}.v2+json`].join(', ');

type In = Pick<SetUp, 'base' | 'ca' | 'authorization'>;

/** Sends one request to a repository, with the right to do everything in it. */
export async function inRepository(
  registry: In,
  repository: string,
  path: string,
  request: Omit<RawRequest, 'url'> = {},
): Promise<RawAnswer> {
  const authorization = await registry.authorization(repository);
  const headers = { ...(authorization === undefined ? {} : { authorization }), ...request.headers };
  const url = path.startsWith('http') ? path : `${registry.base}/v2/${repository}/${path}`;
  return rawRequest({ ...request, url, headers, ca: registry.ca });
}

/** A manifest's bytes and media type; undefined when there is none. */
export async function rawManifest(
  registry: In,
  repository: string,
  reference: string,
): Promise<{ readonly descriptor: RawDescriptor; readonly bytes: Uint8Array } | undefined> {
  const { status, headers, bytes } = await inRepository(registry, repository, `manifests/${reference}`, {
    headers: { accept },
  });
  if (status === 404) return undefined;
  if (status !== 200) throw new Error(`GET ${repository} ${reference}: ${status}`);
  const mediaType = headers['content-type'] ?? '';
  return { descriptor: { mediaType, digest: sha256(bytes), size: bytes.length }, bytes };
}

/** Attaches an artifact to a manifest; registries of distribution 2.8 list it under the tag made of the subject's digest. */
export async function attach(
  registry: In,
  repository: string,
  subject: RawDescriptor,
  artifactType: string,
): Promise<RawDescriptor> {
  const config = await putBlob(registry, repository, 'application/vnd.oci.empty.v1+json', '{}');
  const layer = await putBlob(registry, repository, 'text/plain', `about ${subject.digest}: ${artifactType}`);
  const document = { schemaVersion: 2, mediaType: manifest, artifactType, config, layers: [layer], subject };
  const bytes = JSON.stringify(document);
  const descriptor = { mediaType: manifest, digest: sha256(bytes), size: bytes.length };
  await putManifest(registry, repository, descriptor.digest, manifest, bytes);
  await addToFallbackTag(registry, repository, subject, { ...descriptor, artifactType });
  return descriptor;
}

/** The tag that stands for the list of what is attached (distribution-spec, "Referrers Tag Schema"). */
export function fallbackTag({ digest }: RawDescriptor): string {
  return digest.replace(':', '-');
}

async function addToFallbackTag(
  registry: In,
  repository: string,
  subject: RawDescriptor,
  added: object,
): Promise<void> {
  const tag = fallbackTag(subject);
  const before = await rawManifest(registry, repository, tag);
  const listed = before === undefined ? { manifests: [] } : JSON.parse(Buffer.from(before.bytes).toString());
  const document = { schemaVersion: 2, mediaType: index, manifests: [...listed.manifests, added] };
  await putManifest(registry, repository, tag, index, JSON.stringify(document));
}

async function putManifest(
  registry: In,
  repository: string,
  reference: string,
  type: string,
  body: string,
): Promise<void> {
  const request = { method: 'PUT', headers: { 'content-type': type }, body };
  const { status } = await inRepository(registry, repository, `manifests/${reference}`, request);
  if (status !== 201) throw new Error(`PUT ${repository} ${reference}: ${status}`);
}

async function putBlob(registry: In, repository: string, mediaType: string, body: string): Promise<RawDescriptor> {
  const digest = sha256(body);
  const { headers } = await inRepository(registry, repository, 'blobs/uploads/', { method: 'POST' });
  const location = new URL(headers.location ?? '', registry.base);
  location.searchParams.set('digest', digest);
  const type = { 'content-type': 'application/octet-stream' };
  const { status } = await inRepository(registry, repository, location.href, { method: 'PUT', headers: type, body });
  if (status !== 201) throw new Error(`PUT ${repository} ${digest}: ${status}`);
  return { mediaType, digest, size: Buffer.byteLength(body) };
}

function sha256(bytes: Uint8Array | string): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
