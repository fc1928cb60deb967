/** A registry with an image for two platforms, whose answers about one digest can be damaged on their way. */
import type { Digest } from '../../src/model/digest.ts';
import { type Built, buildImage, putIndex, seededBytes } from '../../src/testing/fixtures.ts';
import { changed, type Wrap } from '../../src/testing/wrap.ts';
import { type LoggedRegistry, startLoggedRegistry } from './logged-registry.ts';

/** One thing of each kind that the image consists of. */
export const parts = ['layer', 'config', 'manifest', 'index'] as const;
export type Part = (typeof parts)[number];

export interface DamagedRegistry extends LoggedRegistry {
  /** `127.0.0.1:34567/team/app:1`. */
  readonly reference: string;
  readonly digests: Readonly<Record<Part, Digest>>;
  /** From now on this happens to every answer with a digest's bytes; undefined: all is well again. */
  damage(digest: Digest | undefined, wrap?: Wrap): void;
}

const LAYER_BYTES = 700_000;

export async function startDamagedRegistry(): Promise<DamagedRegistry> {
  let damaged: { readonly digest: Digest; readonly wrap: Wrap } | undefined;
  const wrap: Wrap = (handler) => (request, info) => {
    const { pathname } = new URL(request.url);
    if (damaged === undefined || request.method !== 'GET' || !pathname.endsWith(damaged.digest)) {
      return handler(request, info);
    }
    return damaged.wrap(handler)(request, info);
  };
  const server = await startLoggedRegistry({ wrap });
  return {
    ...server,
    reference: `${server.host}/team/app:1`,
    digests: await fill(server),
    damage(digest, next = (handler) => handler) {
      damaged = digest && { digest, wrap: next };
    },
  };
}

async function fill({ registry }: LoggedRegistry): Promise<Record<Part, Digest>> {
  const manifests = await Promise.all(['amd64', 'arm64'].map(platformImage));
  const index = await putIndex(registry.repository('team/app'), { manifests, tags: ['1'] });
  const [image] = manifests;
  const [config, layer] = image?.blobs ?? [];
  if (image === undefined || config === undefined || layer === undefined) throw new Error('the image has no layer');
  return {
    index: index.descriptor.digest,
    manifest: image.descriptor.digest,
    config: config.descriptor.digest,
    layer: layer.descriptor.digest,
  };
}

function platformImage(architecture: string): Promise<Built> {
  const layers = [architecture, 'both'].map((name) => ({ files: { [name]: seededBytes(LAYER_BYTES, name) } }));
  return buildImage({ layers, platform: { os: 'linux', architecture } });
}

/** One byte less than there are, and the answer's length says so. */
export function withoutLastByte(): Wrap {
  return (handler) => async (request, info) => {
    const response = await handler(request, info);
    const body = Buffer.from(await response.arrayBuffer()).subarray(0, -1);
    const headers = new Headers(response.headers);
    headers.set('content-length', String(body.length));
    return new Response(body, { status: response.status, headers });
  };
}

/** The answer's length is not told. */
export function withoutLength(): Wrap {
  return (handler) => async (request, info) =>
    changed(await handler(request, info), { headers: { 'content-length': undefined } });
}
