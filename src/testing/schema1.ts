/**
 * Images of docker's retired schema 1 that a test makes up, signed as libtrust does it. No store keeps them: their blobs are
 * put into one, and their manifests served by a wrap around a server. The payload is the same every time; keys and
 * signatures are not.
 */
import type { Call } from '../model/call.ts';
import type { Digest } from '../model/digest.ts';
import type { ContainerConfig } from '../model/image-config.ts';
import { DOCKER_SCHEMA1, DOCKER_SCHEMA1_SIGNED } from '../model/media-types.ts';
import { digestOf } from '../bytes/hash.ts';
import { contentFrom } from '../store/content.ts';
import type { Content, Target } from '../store/types.ts';
import { buildLayer, type LayerSpec } from './fixtures-layer.ts';
import { type Schema1Algorithm, signSchema1 } from './schema1-signing.ts';
import type { Wrap } from './wrap.ts';

/** A step of the image's making: a layer, or a change of the config only. */
export interface Schema1Step {
  /** Without one the step has the empty archive as its layer, and says that it is a throwaway. */
  readonly layer?: LayerSpec | Uint8Array | undefined;
  /** The command, as the history has it. */
  readonly createdBy?: string | undefined;
  /** More for its `v1Compatibility`. */
  readonly v1?: Readonly<Record<string, unknown>> | undefined;
}

export interface Schema1Spec {
  /** `team/old` unless told. */
  readonly name?: string | undefined;
  /** `1` unless told. */
  readonly tag?: string | undefined;
  /** `amd64` unless told. */
  readonly architecture?: string | undefined;
  /** The lowest first. */
  readonly steps: readonly Schema1Step[];
  /** How a container is run. */
  readonly config?: ContainerConfig | undefined;
  /** RFC 3339; `2015-01-02T03:04:05Z` unless told. */
  readonly created?: string | undefined;
  /** A signature each; ES256 unless told, none for an unsigned manifest. */
  readonly signatures?: readonly Schema1Algorithm[] | undefined;
}

export interface BuiltSchema1 {
  readonly name: string;
  readonly tag: string;
  /** Signatures included. */
  readonly bytes: Uint8Array;
  readonly mediaType: string;
  /** What is signed. */
  readonly payload: Uint8Array;
  /** Of the payload. */
  readonly digest: Digest;
  /** Each once. */
  readonly blobs: readonly Content[];
  /** Of the layers that are no throwaways, the lowest first. */
  readonly diffIds: readonly Digest[];
}

/** The archive without files that docker pushed for steps that made no layer. */
const emptyLayer = contentFrom(
  Uint8Array.from(atob('H4sIAAAJbogA/2IYBaNgFIxYAAgAAP//Lq+17wAEAAA='), (one) => one.charCodeAt(0)),
);

/** Makes an image of schema 1. */
export async function buildSchema1(spec: Schema1Spec): Promise<BuiltSchema1> {
  const { name = 'team/old', tag = '1', architecture = 'amd64', signatures = ['ES256'] } = spec;
  const built = await Promise.all(
    spec.steps.map(async ({ layer }) => (layer === undefined ? undefined : buildLayer(layer, 'docker'))),
  );
  const layers = built.map((layer) => layer?.content ?? emptyLayer);
  const document = {
    schemaVersion: 1,
    name,
    tag,
    architecture,
    fsLayers: layers.map(({ descriptor }) => ({ blobSum: descriptor.digest })).reverse(),
    history: historyOf(spec, architecture).reverse(),
  };
  const payload = new TextEncoder().encode(JSON.stringify(document, undefined, 3));
  return {
    name,
    tag,
    bytes: signSchema1(payload, signatures),
    mediaType: signatures.length === 0 ? DOCKER_SCHEMA1 : DOCKER_SCHEMA1_SIGNED,
    payload,
    digest: digestOf(payload),
    blobs: [...new Map(layers.map((content) => [content.descriptor.digest, content])).values()],
    diffIds: built.flatMap((layer) => (layer === undefined ? [] : [layer.diffId])),
  };
}

/** Each entry is the config of the image as it was then; docker keeps the whole of it for the last one only. */
function historyOf(spec: Schema1Spec, architecture: string): { v1Compatibility: string }[] {
  const { created = '2015-01-02T03:04:05Z', config = {}, steps } = spec;
  const ids = steps.map((step, at) => digestOf(new TextEncoder().encode(`${at} ${JSON.stringify(step.v1)}`)).slice(7));
  return steps.map(({ layer, createdBy, v1 }, at) => {
    const isTop = at === steps.length - 1;
    const entry = {
      id: ids[at],
      ...(at === 0 ? {} : { parent: ids[at - 1] }),
      created,
      container_config: { Cmd: createdBy === undefined ? null : ['/bin/sh', '-c', createdBy] },
      ...(isTop ? { docker_version: '1.9.1', config, architecture, os: 'linux' } : {}),
      ...(layer === undefined ? { throwaway: true } : {}),
      ...v1,
    };
    return { v1Compatibility: JSON.stringify(entry) };
  });
}

/** Puts the blobs of an image where its manifest is going to be served from. */
export async function putSchema1Blobs(target: Target, image: BuiltSchema1, call: Call = {}): Promise<BuiltSchema1> {
  for (const blob of image.blobs) await target.putBlob(blob, call);
  return image;
}

/**
 * A server that has these manifests besides its own: by tag and by digest, whatever a request accepts, as registries do it.
 * It neither lists nor deletes them.
 */
export function servesSchema1(...images: readonly BuiltSchema1[]): Wrap {
  return (handler) => async (request, info) => {
    const { pathname } = new URL(request.url);
    const image = images.find(({ name, tag, digest }) =>
      [tag, digest].some((reference) => pathname === `/v2/${name}/manifests/${reference}`),
    );
    if (image === undefined || !['GET', 'HEAD'].includes(request.method)) return await handler(request, info);
    const { bytes, mediaType, digest } = image;
    const length = String(bytes.length);
    const headers = { 'Content-Type': mediaType, 'Content-Length': length, 'Docker-Content-Digest': digest };
    return new Response(request.method === 'HEAD' ? null : new Uint8Array(bytes), { headers });
  };
}
