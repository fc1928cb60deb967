/** The small content that the contract tests put, and how they look at what comes back. */
import assert from 'node:assert/strict';
import { type ErrorCode, isOciError } from '../errors.ts';
import { readAll } from '../bytes/read.ts';
import type { Descriptor } from '../model/descriptor.ts';
import type { Manifest } from '../model/manifest.ts';
import { OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST } from '../model/media-types.ts';
import { contentFrom, contentOf, manifestFromDocument } from '../store/content.ts';
import type { Content, Target } from '../store/types.ts';

const encode = (value: string): Uint8Array => new TextEncoder().encode(value);

export function blob(value: string, mediaType: string = OCI_LAYER): Content {
  return contentFrom(encode(value), mediaType);
}

/** Content that is named by one value's digest and brings another's bytes, verified as any source verifies. */
export function fake(named: string, brought: string): Content {
  return contentOf(blob(named).descriptor, async function* () {
    yield encode(brought);
  });
}

export function chunked(bytes: Uint8Array, sizes: readonly number[]): Content {
  return contentOf(contentFrom(bytes).descriptor, async function* (start, end) {
    for (let at = start, turn = 0; at < end; turn++) {
      const next = Math.min(end, at + (sizes[turn % sizes.length] ?? 1));
      yield bytes.subarray(at, next);
      at = next;
    }
  });
}

export async function text(
  content: Content,
  window: { readonly start?: number; readonly end?: number } = {},
): Promise<string> {
  return new TextDecoder().decode(await readAll(content.open(window), 1_000_000, 'blob'));
}

export function imageManifest(config: Content, layer: Content, extra: object = {}): Manifest {
  return manifestFromDocument({
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    ...extra,
    config: { ...config.descriptor, mediaType: OCI_CONFIG },
    layers: [layer.descriptor],
  });
}

export function indexOf(manifests: readonly Manifest[]): Manifest {
  return manifestFromDocument({
    schemaVersion: 2,
    mediaType: OCI_INDEX,
    manifests: manifests.map(({ descriptor }) => descriptor),
  });
}

export async function putImage(
  store: Target,
  name: string,
  tags: readonly string[],
  extra: { readonly subject?: Descriptor; readonly artifactType?: string } = {},
  isPart: boolean = false,
): Promise<{ manifest: Manifest; layer: Content }> {
  const config = blob(JSON.stringify({ os: 'linux', architecture: 'amd64', name }));
  const layer = blob(`layer of ${name}`);
  await store.putBlob(config);
  await store.putBlob(layer);
  const manifest = imageManifest(config, layer, extra);
  assert.equal(await store.putManifest(manifest, { tags, isPart }), 'written');
  return { manifest, layer };
}

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

export async function rejects(promise: Promise<unknown>, code: ErrorCode): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.ok(isOciError(error), `not an OciError: ${String(error)}`);
    assert.equal(error.code, code, error.message);
    return true;
  });
}
