/**
 * From a tag or digest to a descriptor, by HEAD. Where HEAD does not tell (Nexus, Red Hat's registry, what stands behind
 * a compressing proxy) the manifest itself is read and hashed, and the host is not asked by HEAD again.
 */
import { isOciError, throwIfAborted } from '../errors.ts';
import { digestMismatch } from '../bytes/verify.ts';
import type { HttpResponse } from '../http/types.ts';
import type { Call, WireResponse } from '../model/call.ts';
import type { Descriptor } from '../model/descriptor.ts';
import { digestAlgorithm, isDigest } from '../model/digest.ts';
import { bareMediaType, MANIFEST_TYPES } from '../model/media-types.ts';
import type { ResolveOptions } from '../store/types.ts';
import type { Facts } from './facts.ts';
import { descriptorOf, pullRaw } from './manifest.ts';
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
  settle,
  toldDigest,
  wireResponse,
} from './requests.ts';
import { nameOf, type Place } from './session.ts';

/** What is known of a manifest without its bytes. */
export interface ManifestHead {
  readonly descriptor: Descriptor;
  readonly response: WireResponse;
}

/**
 * The descriptor that a tag or digest stands for; undefined: it is not there.
 * @throws OciError `REFERENCE_INVALID`, `DIGEST_INVALID`, `DIGEST_MISMATCH`, `UNAUTHORIZED`, `DENIED`
 */
export async function headManifest(
  place: Place,
  reference: string,
  { forWriting = false, ...call }: ResolveOptions = {},
  access: Access = forWriting ? 'push' : 'pull',
): Promise<ManifestHead | undefined> {
  throwIfAborted(call.signal);
  const target = checkReference(reference);
  const { facts } = place;
  if (facts.manifestHead === 'broken') return byGet(place, target, call, access);
  const exchange = await sendHead(place, target, call, access);
  const { status } = exchange.response;
  const head = status === 200 ? readHead(exchange.response, target, nameOf(place)) : undefined;
  if (status === 200 || status === 404) await settle(exchange);
  else if (!refusesHead.has(status)) throw await failed(exchange, `cannot look up ${manifestName(place, target)}`);
  else await settle(exchange);
  if (head !== undefined) facts.manifestHead = 'honest';
  if (head !== undefined || (status === 404 && isBelieved(facts, access, target, forWriting))) return head;
  const found = await byGet(place, target, call, access);
  facts.manifestHead = found === undefined && status === 404 ? 'unproven' : 'broken';
  return found;
}

/**
 * Is a 404 to a HEAD taken for true? Who writes loses nothing by it: what was there after all is written again. But a tag that
 * stands may be one that cannot be written a second time (Nexus, where redeploying is off).
 */
function isBelieved({ manifestHead }: Facts, access: Access, target: string, forWriting: boolean): boolean {
  if (manifestHead === 'honest') return true;
  return forWriting ? isDigest(target) : manifestHead === 'unproven' && access !== 'pull';
}

/** 405 and 501: no HEAD at all; 400 and 403: some answer it so and give the manifest all the same (registry.centos.org). */
const refusesHead = new Set([400, 403, 405, 501]);

function sendHead(place: Place, target: string, call: Call, access: Access): Promise<Exchange> {
  return ask(place, {
    method: 'HEAD',
    path: pathIn(place, `manifests/${target}`),
    headers: { accept: MANIFEST_TYPES.join(', ') },
    scopes: scopesFor(place, access),
    direct: access !== 'pull',
    ...call,
  });
}

async function byGet(place: Place, target: string, call: Call, access: Access): Promise<ManifestHead | undefined> {
  try {
    const raw = await pullRaw(place, target, call, access);
    return { descriptor: descriptorOf(raw), response: raw.response };
  } catch (error) {
    if (isOciError(error, 'NOT_FOUND')) return undefined;
    throw error;
  }
}

/** The descriptor in an answer to HEAD; undefined when it lacks something or cannot be meant. */
function readHead(response: HttpResponse, target: string, from: string): ManifestHead | undefined {
  const size = contentLength(response);
  const mediaType = bareMediaType(response.headers['content-type']);
  const digest = headDigest(response, target, from);
  if (digest === undefined || size === undefined || size === 0) return undefined;
  // Others (text/html, application/octet-stream) were not chosen by who pushed it.
  if (mediaType?.startsWith('application/vnd.') !== true) return undefined;
  return { descriptor: { mediaType, digest, size }, response: wireResponse(response) };
}

function headDigest(response: HttpResponse, target: string, from: string): Descriptor['digest'] | undefined {
  const told = toldDigest(response);
  if (!isDigest(target)) return told;
  const comparable = told !== undefined && digestAlgorithm(told) === digestAlgorithm(target);
  if (comparable && told !== target) throw digestMismatch(target, told, from);
  return target;
}
