/**
 * Reading a manifest: bounded, by its exact bytes, hashed before it is parsed. What a registry says of its digest is
 * compared with the bytes and never believed.
 */
import { isOciError, OciError, throwIfAborted } from '../errors.ts';
import { readAll } from '../bytes/read.ts';
import type { HttpResponse } from '../http/types.ts';
import type { Call, WireResponse } from '../model/call.ts';
import type { Descriptor } from '../model/descriptor.ts';
import { type Digest, isDigest } from '../model/digest.ts';
import { type Manifest, schema1Refused } from '../model/manifest.ts';
import {
  bareMediaType,
  DOCKER_SCHEMA1,
  DOCKER_SCHEMA1_SIGNED,
  isIndexType,
  isManifestType,
  MANIFEST_TYPES,
} from '../model/media-types.ts';
import { manifestFrom } from '../store/content.ts';
import { embeddedBytes } from './embedded.ts';
import { readings } from './encoding.ts';
import { type Announced, doubtOf, hasDigest, identify, readingsOf } from './identify.ts';
import {
  type Access,
  ask,
  checkReference,
  contentLength,
  type Exchange,
  failed,
  manifestName,
  pathIn,
  scopesFor,
  toldDigest,
  wireResponse,
} from './requests.ts';
import { nameOf, type Place } from './session.ts';

/** A manifest as it came, not yet looked into. */
export interface RawManifest {
  readonly bytes: Uint8Array;
  /** Of the bytes; of a signed schema 1 manifest that of its payload. */
  readonly digest: Digest;
  /** What the digest is of, where that is not all the bytes. */
  readonly payload?: Uint8Array | undefined;
  /** Announced for it. */
  readonly mediaType: string | undefined;
  readonly response: WireResponse;
}

export interface RawManifestOptions extends Call {
  /** The media types to accept; those of the two families unless told. */
  readonly accept?: readonly string[] | undefined;
}

/**
 * Reads a manifest.
 * @throws OciError `NOT_FOUND`, `DIGEST_MISMATCH`, `SIZE_MISMATCH`, `MANIFEST_INVALID`, `TOO_LARGE`, `VERSION_UNSUPPORTED` (schema 1)
 */
export async function pullManifest(
  place: Place,
  reference: string | Descriptor,
  call: Call = {},
  access: Access = 'pull',
): Promise<Manifest> {
  if (typeof reference === 'string') {
    return parsed(await pullRaw(place, reference, call, access), manifestName(place, reference));
  }
  const bytes = embeddedBytes(reference);
  if (bytes !== undefined) return manifestFrom(bytes, reference.mediaType, reference.digest);
  const raw = await pullRaw(place, reference.digest, call, access);
  if (raw.payload === undefined && raw.bytes.length !== reference.size) {
    const sizes = `${raw.bytes.length} bytes, not the ${reference.size} of its descriptor`;
    throw new OciError('SIZE_MISMATCH', `${reference.digest} from ${nameOf(place)} has ${sizes}`, {
      digests: [reference.digest],
    });
  }
  return checkKind(parsed(raw, manifestName(place, reference.digest), reference.mediaType), reference);
}

function parsed(raw: RawManifest, name: string, otherwise?: string): Manifest {
  const { bytes, payload = bytes, digest, mediaType, response } = raw;
  try {
    return { ...manifestFrom(payload, mediaType ?? otherwise, digest), response };
  } catch (error) {
    throw isOciError(error, 'VERSION_UNSUPPORTED') ? schema1Refused(name) : error;
  }
}

/** The descriptor of a manifest as it came; one of schema 1 has one, too. */
export function descriptorOf(raw: RawManifest): Descriptor {
  try {
    return parsed(raw, raw.digest).descriptor;
  } catch (error) {
    if (!isOciError(error, 'VERSION_UNSUPPORTED')) throw error;
    const mediaType = raw.payload === undefined ? DOCKER_SCHEMA1 : DOCKER_SCHEMA1_SIGNED;
    return { mediaType, digest: raw.digest, size: raw.bytes.length };
  }
}

/** The same bytes must not be an index to one who follows a link and an image to another. */
function checkKind(manifest: Manifest, { mediaType, digest }: Descriptor): Manifest {
  const known = isIndexType(mediaType) || isManifestType(mediaType);
  if (!known || isIndexType(mediaType) === isIndexType(manifest.descriptor.mediaType)) return manifest;
  const is = manifest.descriptor.mediaType;
  throw new OciError('MANIFEST_INVALID', `${digest} was linked to as ${mediaType}, but is ${is}`);
}

/** Reads the bytes of a manifest of whatever kind; of the registry itself, where a mirror had other bytes. */
export async function pullRaw(
  place: Place,
  reference: string,
  options: RawManifestOptions = {},
  access: Access = 'pull',
): Promise<RawManifest> {
  throwIfAborted(options.signal);
  const target = checkReference(reference);
  try {
    return await readRaw(place, target, options, access);
  } catch (error) {
    const { facts, host } = place;
    const mayBeMirror = host.mirrors.length > 0 && facts.mirrors === undefined && access === 'pull';
    if (!mayBeMirror || !isOciError(error, 'DIGEST_MISMATCH')) throw error;
    facts.mirrors = 'wrong';
    return readRaw(place, target, options, access);
  }
}

async function readRaw(
  place: Place,
  target: string,
  options: RawManifestOptions,
  access: Access,
): Promise<RawManifest> {
  const received = await receive(place, target, options, access);
  const { bytes, payload, digest } = identify(received, target, nameOf(place));
  const doubt = isDigest(target) ? undefined : doubtOf(received, digest, manifestName(place, target));
  if (doubt !== undefined) {
    if (!(await isKnown(place, digest, options, access))) throw doubt;
    options.on?.({ type: 'warning', host: place.host.name, text: doubt.message });
  }
  return { bytes, payload, digest, mediaType: received.mediaType, response: received.response };
}

interface Received extends Announced, Pick<RawManifest, 'mediaType' | 'response'> {}

async function receive(
  place: Place,
  target: string,
  { accept = MANIFEST_TYPES, ...call }: RawManifestOptions,
  access: Access,
): Promise<Received> {
  const name = manifestName(place, target);
  const exchange = await ask(place, {
    method: 'GET',
    path: pathIn(place, `manifests/${target}`),
    headers: { accept: accept.join(', '), 'accept-encoding': 'identity' },
    scopes: scopesFor(place, access),
    direct: access !== 'pull',
    document: place.session.limits.manifestBytes,
    ...call,
  });
  const { response } = exchange;
  if (response.status !== 200) throw await failedRead(exchange, name);
  const limit = place.session.limits.manifestBytes;
  const body = await readBody(response, limit, name);
  const mediaType = bareMediaType(response.headers['content-type']);
  const candidates = (await readings(response, body, limit)).flatMap((bytes) => readingsOf(bytes, mediaType));
  const told = { digest: toldDigest(response), length: contentLength(response) };
  return { candidates, ...told, size: body.length, mediaType, response: wireResponse(response) };
}

/** 501 to a GET can only mean that the manifest is not there: Gitea has answered so (gitea#25846). */
async function failedRead(exchange: Exchange, name: string): Promise<OciError> {
  const error = await failed(exchange, `cannot read ${name}`);
  const { message, status, errors, request } = error;
  if (status !== 501) return error;
  return new OciError('NOT_FOUND', message, { status, errors, request, missing: 'manifest' });
}

/**
 * Has the registry a manifest of this digest? Then the bytes are right and only what it said of them is not: many a proxy
 * has told the digest of another manifest (kaniko#298).
 */
async function isKnown(place: Place, digest: Digest, options: RawManifestOptions, access: Access): Promise<boolean> {
  try {
    const { candidates } = await receive(place, digest, options, access);
    return hasDigest(candidates, digest);
  } catch (error) {
    if (isOciError(error, 'NOT_FOUND', 'UNSUPPORTED', 'PROTOCOL', 'MANIFEST_INVALID')) return false;
    throw error;
  }
}

/** A copy of its own: what a transport gives may be a view of its buffers, and a Buffer. */
async function readBody(response: HttpResponse, limit: number, name: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await readAll(response.body, limit, name));
  } finally {
    await response.cancel();
  }
}
