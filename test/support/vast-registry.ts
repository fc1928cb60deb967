/** A registry with one layer of any size, which is nowhere: zeros come as fast as they are taken, and what is put is counted and hashed. */
import assert from 'node:assert/strict';
import { createHasher } from '../../src/bytes/hash.ts';
import type { Bytes } from '../../src/model/call.ts';
import type { Descriptor } from '../../src/model/descriptor.ts';
import type { Digest } from '../../src/model/digest.ts';
import { OCI_LAYER, OCTET_STREAM } from '../../src/model/media-types.ts';
import { serve } from '../../src/node/serve/serve.ts';
import { createMemoryRegistry } from '../../src/store/memory.ts';
import type { Content, Ingest, IngestStore } from '../../src/store/types.ts';
import { blob, imageManifest } from '../../src/testing/samples.ts';

const CHUNK = new Uint8Array(1 << 20);

export interface VastRegistry {
  readonly host: string;
  readonly layer: Descriptor;
  /** The manifest of the image `vast:1`, whatever tag is asked for, and its config. */
  readonly image: ReturnType<typeof imageManifest>;
  readonly config: Content;
  /** Bytes of the layer that were given to the wire. */
  sent(): number;
  /** The blobs that were put, by digest. */
  readonly put: ReadonlyMap<Digest, number>;
  close(): Promise<void>;
}

export async function startVastRegistry(size: number): Promise<VastRegistry> {
  const hasher = createHasher('sha256');
  for (const chunk of zeros(0, size)) hasher.update(chunk);
  const layer: Descriptor = { mediaType: OCI_LAYER, digest: hasher.digest(), size };
  let sent = 0;
  const content: Content = {
    descriptor: layer,
    async *open({ start = 0, end = size } = {}) {
      for (const chunk of zeros(start, end)) {
        sent += chunk.length;
        yield chunk;
      }
    },
  };
  const config = blob('{"os":"linux","architecture":"amd64"}');
  const image = imageManifest(config, content);
  const memory = createMemoryRegistry();
  const put = new Map<Digest, number>();
  const sink = sinkOf(memory.repository('sink'), put);
  const source: IngestStore = {
    ...memory.repository('vast'),
    resolve: async () => image.descriptor,
    manifest: async () => image,
    blob: ({ digest }) => (digest === layer.digest ? content : config),
    stat: async (digest) => [layer, config.descriptor].find((one) => one.digest === digest),
  };
  const repository = (name: string): IngestStore => (name === 'vast' ? source : sink);
  const { host, close } = await serve({ registry: { ...memory, repository } });
  return { host, layer, image, config, sent: () => sent, put, close };
}

function* zeros(start: number, end: number): Generator<Uint8Array> {
  for (let at = start; at < end; at += CHUNK.length) yield CHUNK.subarray(0, Math.min(CHUNK.length, end - at));
}

/** What is put there is gone but for its digest and size. */
function sinkOf(store: IngestStore, put: Map<Digest, number>): IngestStore {
  const ingests = new Map<string, Ingest>();
  return {
    ...store,
    async stat(digest) {
      const size = put.get(digest);
      return size === undefined ? undefined : { mediaType: OCTET_STREAM, digest, size };
    },
    putManifest: async () => 'written',
    async ingest() {
      const ingest = counting(crypto.randomUUID(), put);
      ingests.set(ingest.id, ingest);
      return ingest;
    },
    resumeIngest: async (id) => ingests.get(id),
  };
}

function counting(id: string, put: Map<Digest, number>): Ingest {
  const hasher = createHasher('sha256');
  let size = 0;
  return {
    id,
    get size() {
      return size;
    },
    async append(bytes: Bytes) {
      for await (const chunk of bytes) {
        hasher.update(chunk);
        size += chunk.length;
      }
    },
    async commit(digest) {
      assert.equal(hasher.copy().digest(), digest);
      put.set(digest, size);
      return { mediaType: OCTET_STREAM, digest, size };
    },
    abort: async () => {},
  };
}
