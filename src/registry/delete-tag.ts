/**
 * Deleting one tag and no other that stands for the same manifest. Where a registry deletes manifests only, the tag is
 * first given to a manifest of its own, which nothing else stands for, and that one is deleted.
 */
import { isOciError, OciError } from '../errors.ts';
import type { Call } from '../model/call.ts';
import type { Digest } from '../model/digest.ts';
import { isDockerType, type Manifest } from '../model/manifest.ts';
import {
  DOCKER_CONFIG,
  DOCKER_LAYER,
  DOCKER_MANIFEST,
  OCI_CONFIG,
  OCI_LAYER,
  OCI_MANIFEST,
} from '../model/media-types.ts';
import { contentFrom, manifestFromDocument } from '../store/content.ts';
import type { Content } from '../store/types.ts';
import { askDelete, isDone, refusal } from './delete-requests.ts';
import { pullManifest } from './manifest.ts';
import { pushBlob } from './push-blob.ts';
import { failed, settle } from './requests.ts';
import { headManifest } from './resolve.ts';
import { sendManifest } from './send-manifest.ts';
import { nameOf, type Place } from './session.ts';
import { tagsOf } from './tags-of.ts';

/** @throws OciError `UNSUPPORTED` when it cannot be done without deleting other tags, which the message lists */
export async function deleteTag(place: Place, tag: string, call: Call): Promise<'deleted' | 'absent'> {
  const exchange = await askDelete(place, `manifests/${tag}`, call);
  const { status } = exchange.response;
  if (isDone(status)) return settle(exchange).then(() => 'deleted');
  const error = await failed(exchange, `cannot delete the tag ${nameOf(place)}:${tag}`);
  // 404 of a tag that is there: the registry knows no such request (ECR, ACR).
  const gone = status === 404 && (await headManifest(place, tag, call, 'delete')) === undefined;
  if (gone) return 'absent';
  if (status !== 404 && !cannot(status)) throw error;
  const original = await pullManifest(place, tag, call, 'push').catch((failure: unknown) => {
    if (isOciError(failure, 'NOT_FOUND')) return undefined;
    throw failure;
  });
  if (original === undefined) return 'absent';
  await deleteByStandIn(place, tag, original, call);
  return 'deleted';
}

/** A refusal that is about the request, not about who asks or when: docker-registry 2.8 says 400 DIGEST_INVALID. */
function cannot(status: number): boolean {
  return status === 501 || (status >= 400 && status < 500 && ![401, 403, 404, 408, 429].includes(status));
}

async function deleteByStandIn(place: Place, tag: string, original: Manifest, call: Call): Promise<void> {
  const { digest } = original.descriptor;
  const { manifest: standIn, config } = makeStandIn(original);
  await pushBlob(place, config, call);
  try {
    await sendManifest(place, standIn, { reference: tag, standing: digest, ...call });
  } catch (error) {
    throw isOciError(error) && cannot(error.status ?? 0) ? await unsupported(place, tag, digest, error, call) : error;
  }
  try {
    const exchange = await askDelete(place, `manifests/${standIn.descriptor.digest}`, call);
    if (!isDone(exchange.response.status))
      throw await refusal(exchange, `cannot delete the tag ${nameOf(place)}:${tag}`);
    await settle(exchange);
  } catch (error) {
    await restore(place, tag, original, standIn, call);
    throw isOciError(error, 'UNSUPPORTED') ? await unsupported(place, tag, digest, error, call) : error;
  }
  if ((await headManifest(place, digest, call, 'push')) !== undefined) return;
  const text = `${nameOf(place)}@${digest} went with its tag ${tag}; if it had other tags, they are gone, too`;
  call.on?.({ type: 'warning', host: place.host.name, text });
}

/** A manifest that nobody else can have, of the family that the registry is known to take. */
function makeStandIn(original: Manifest): { readonly manifest: Manifest; readonly config: Content } {
  const docker = isDockerType(original.descriptor.mediaType);
  const document = {
    architecture: 'amd64',
    os: 'linux',
    config: { Labels: { 'lading.stand-in': crypto.randomUUID() } },
    rootfs: { type: 'layers', diff_ids: [] },
  };
  const config = contentFrom(new TextEncoder().encode(JSON.stringify(document)), docker ? DOCKER_CONFIG : OCI_CONFIG);
  const manifest = manifestFromDocument({
    schemaVersion: 2,
    mediaType: docker ? DOCKER_MANIFEST : OCI_MANIFEST,
    config: config.descriptor,
    // Some registries want a layer; no second blob is needed for that.
    layers: [{ ...config.descriptor, mediaType: docker ? DOCKER_LAYER : OCI_LAYER }],
  });
  return { manifest, config };
}

const RESTORE_MS = 10_000;

/** Gives the tag back, even to a caller who has lost patience. */
async function restore(place: Place, tag: string, original: Manifest, standIn: Manifest, { on }: Call): Promise<void> {
  const signal = AbortSignal.timeout(RESTORE_MS);
  const standing = standIn.descriptor.digest;
  try {
    await sendManifest(place, original, { reference: tag, standing, signal, on });
  } catch (cause) {
    const { digest } = original.descriptor;
    throw new OciError('CONFLICT', `${nameOf(place)}:${tag} could be neither deleted nor given back to ${digest}`, {
      hint: `it stands for an empty image now: tag ${digest} again`,
      digests: [digest],
      cause,
    });
  }
}

async function unsupported(place: Place, tag: string, digest: Digest, cause: OciError, call: Call): Promise<OciError> {
  const others = (await tagsOf(place, digest, call)).filter((other) => other !== tag);
  const shown = others.slice(0, 20).join(', ') + (others.length > 20 ? ` and ${others.length - 20} more` : '');
  const taken = others.length === 0 ? 'nothing else stands for' : `${shown} also stand for`;
  return new OciError('UNSUPPORTED', `${place.host.name} cannot delete a tag alone; ${taken} the manifest of ${tag}`, {
    hint: `deleting the manifest, ${digest}, would delete ${others.length === 0 ? 'this tag only' : 'all of them'}`,
    status: cause.status,
    errors: cause.errors,
    digests: [digest],
    cause,
  });
}
