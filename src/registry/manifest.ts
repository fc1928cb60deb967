/**
 * Reading a manifest: bounded, by its exact bytes, hashed before it is parsed. What a registry says of its digest is
 * compared with the bytes and never believed.
 */
import { isOciError, OciError, throwIfAborted } from '../errors.ts';
import { digestOf } from '../bytes/hash.ts';
import { readAll } from '../bytes/read.ts';
import { digestMismatch } from '../bytes/verify.ts';
import type { HttpResponse } from '../http/types.ts';
import type { Call, WireResponse } from '../model/call.ts';
import type { Descriptor } from '../model/descriptor.ts';
import { type Digest, digestAlgorithm, isDigest } from '../model/digest.ts';
import type { Manifest } from '../model/manifest.ts';
import { bareMediaType, isIndexType, isManifestType, MANIFEST_TYPES } from '../model/media-types.ts';
import { manifestFrom } from '../store/content.ts';
import { embeddedBytes } from './embedded.ts';
import { readingOf, readings } from './encoding.ts';
import {
  type Access,
  ask,
  checkReference,
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
  /** Of the bytes. */
  readonly digest: Digest;
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
 * @throws OciError `NOT_FOUND`, `DIGEST_MISMATCH`, `SIZE_MISMATCH`, `MANIFEST_INVALID`, `TOO_LARGE`, `UNSUPPORTED` (schema 1)
 */
export async function pullManifest(
  place: Place,
  reference: string | Descriptor,
  call: Call = {},
  access: Access = 'pull',
): Promise<Manifest> {
  if (typeof reference === 'string') return parsed(await pullRaw(place, reference, call, access));
  const bytes = embeddedBytes(reference);
  if (bytes !== undefined) return manifestFrom(bytes, reference.mediaType, reference.digest);
  const raw = await pullRaw(place, reference.digest, call, access);
  if (raw.bytes.length !== reference.size) {
    const sizes = `${raw.bytes.length} bytes, not the ${reference.size} of its descriptor`;
    throw new OciError('SIZE_MISMATCH', `${reference.digest} from ${nameOf(place)} has ${sizes}`, {
      digests: [reference.digest],
    });
  }
  return checkKind(parsed(raw, reference.mediaType), reference);
}

function parsed({ bytes, digest, mediaType, response }: RawManifest, otherwise?: string): Manifest {
  return { ...manifestFrom(bytes, mediaType ?? otherwise, digest), response };
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
  { accept = MANIFEST_TYPES, ...call }: RawManifestOptions,
  access: Access,
): Promise<RawManifest> {
  const name = manifestName(place, target);
  const exchange = await ask(place, {
    method: 'GET',
    path: pathIn(place, `manifests/${target}`),
    headers: { accept: accept.join(', '), 'accept-encoding': 'identity' },
    scopes: scopesFor(place, access),
    direct: access !== 'pull',
    ...call,
  });
  const { response } = exchange;
  if (response.status !== 200) throw await failed(exchange, `cannot read ${name}`);
  const limit = place.session.limits.manifestBytes;
  const candidates = await readings(response, await readBody(response, limit, name), limit);
  const identified = identify(candidates, target, toldDigest(response), nameOf(place));
  if (identified.lie !== undefined) {
    const text = `${name} has the digest ${identified.digest}, but was announced as ${identified.lie}`;
    call.on?.({ type: 'warning', host: place.host.name, text });
  }
  const { bytes, digest } = identified;
  const mediaType = bareMediaType(response.headers['content-type']);
  return { bytes, digest, mediaType, response: wireResponse(response) };
}

/** A copy of its own: what a transport gives may be a view of its buffers, and a Buffer. */
async function readBody(response: HttpResponse, limit: number, name: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await readAll(response.body, limit, name));
  } finally {
    await response.cancel();
  }
}

interface Identified extends Pick<RawManifest, 'bytes' | 'digest'> {
  /** What was told of its digest, where that is not true. */
  readonly lie?: Digest | undefined;
}

/** Which reading of a body is the manifest, and what its digest is: the one it was asked by, the one told if it is true, or sha256. */
function identify(
  candidates: readonly [Uint8Array, ...Uint8Array[]],
  target: string,
  told: Digest | undefined,
  from: string,
): Identified {
  const named = isDigest(target) ? target : told;
  const bytes = named === undefined ? undefined : readingOf(candidates, named);
  if (!isDigest(target)) {
    if (bytes !== undefined && named !== undefined) return { bytes, digest: named };
    const likely = candidates.find(([first]) => first === 0x7b) ?? candidates[0];
    return { bytes: likely, digest: digestOf(likely), lie: told };
  }
  if (bytes === undefined) throw digestMismatch(target, digestOf(candidates[0], digestAlgorithm(target)), from);
  const comparable = told !== undefined && digestAlgorithm(told) === digestAlgorithm(target);
  if (comparable && told !== target) throw digestMismatch(target, told, from);
  return { bytes, digest: target };
}
