/** The twelve operations of the matrix: what each asks for, which of its requests a fault strikes, and what is right. */
import assert from 'node:assert/strict';
import type { Call } from '../../src/model/call.ts';
import type { Client } from '../../src/registry/client.ts';
import type { Repository } from '../../src/registry/repository.ts';
import { contentFrom } from '../../src/store/content.ts';
import type { Content } from '../../src/store/types.ts';
import { type Built, buildImage } from '../../src/testing/fixtures.ts';
import { seededBytes } from '../../src/testing/fixtures-bytes.ts';
import type { RequestFacts } from '../../src/testing/proxy/index.ts';
import { all } from '../../src/testing/samples.ts';

/** What stands in the registry before anything goes wrong. */
export interface Stock {
  readonly image: Built;
  readonly blob: Content;
  readonly bytes: Uint8Array;
  /** Attached to the image. */
  readonly attached: Built;
}

export interface Occasion extends Call {
  readonly client: Client;
  /** The registry's name, as the client knows it. */
  readonly host: string;
  readonly repository: Repository;
  /** A repository of the registry itself, with no proxy before it; `team/app` unless told. */
  readonly direct: (name?: string) => Repository;
  readonly stock: Stock;
  /** Of its own for every run. */
  readonly seed: string;
}

export interface Operation {
  /** One of the twelve of the programme. */
  readonly group: string;
  /** The request that a fault strikes. */
  readonly strikes: (request: Pick<RequestFacts, 'method' | 'path'>) => boolean;
  /** The answer after which a fault of the connection begins; at once unless told. */
  readonly armedBy?: (request: { readonly method: string; readonly path: string }) => boolean;
  /** The struck request has a body. */
  readonly sends?: true;
  /** The answer to it has one. */
  readonly brings?: true;
  /** It is the token server that is asked, and struck. */
  readonly isOfTokens?: true;
  /** What stands there before. */
  readonly prepare?: (occasion: Occasion) => Promise<unknown>;
  /** Does it, and fails where it is done and is not right. */
  readonly run: (occasion: Occasion) => Promise<void>;
  readonly chunkSize?: number;
}

const BLOB_BYTES = 30_000;
const CHUNK_BYTES = 10_000;

const at =
  (method: string, path: RegExp): Operation['strikes'] =>
  (request) =>
    request.method === method && path.test(request.path);

const freshBlob = ({ seed }: Occasion): Content => contentFrom(seededBytes(BLOB_BYTES, seed));

async function push(occasion: Occasion): Promise<void> {
  const content = freshBlob(occasion);
  await occasion.repository.putBlob(content, { signal: occasion.signal, on: occasion.on });
  await isThere(occasion, content);
}

/** Read back from the registry itself; reading verifies. */
async function isThere({ direct, seed }: Occasion, { descriptor }: Content): Promise<void> {
  const kept = Buffer.concat(await all(direct().blob(descriptor).open()));
  assert.ok(kept.equals(seededBytes(BLOB_BYTES, seed)), 'another blob is kept');
}

const freshImage = ({ seed }: Occasion): Promise<Built> => buildImage({ layers: [{ files: { seed } }] });

async function putBlobs(repository: Repository, { blobs }: Built): Promise<void> {
  for (const blob of blobs) await repository.putBlob(blob);
}

const uploads = /\/blobs\/uploads\//;

export const operations: Readonly<Record<string, Operation>> = {
  ping: {
    group: 'ping and auth',
    strikes: at('GET', /\/v2\/$/),
    brings: true,
    run: async ({ client, host, signal, on }) =>
      assert.equal((await client.ping(host, { signal, on })).response.status, 200),
  },
  token: {
    group: 'ping and auth',
    strikes: at('GET', /^\/token/),
    isOfTokens: true,
    brings: true,
    run: async ({ repository, stock, signal, on }) =>
      assert.equal((await repository.resolve('v1', { signal, on }))?.digest, stock.image.descriptor.digest),
  },
  'HEAD manifest': {
    group: 'HEAD manifest',
    strikes: at('HEAD', /\/manifests\//),
    async run({ repository, stock, signal, on }) {
      const { digest, size } = stock.image.descriptor;
      const found = await repository.resolve('v1', { signal, on });
      assert.deepEqual([found?.digest, found?.size], [digest, size]);
    },
  },
  'GET manifest by tag': {
    group: 'GET manifest by tag',
    strikes: at('GET', /\/manifests\//),
    brings: true,
    async run({ repository, stock, signal, on }) {
      const { bytes } = await repository.manifest('v1', { signal, on });
      assert.ok(Buffer.from(bytes).equals(stock.image.manifest.bytes), 'another manifest');
    },
  },
  'GET manifest by digest': {
    group: 'GET manifest by digest',
    strikes: at('GET', /\/manifests\//),
    brings: true,
    async run({ repository, stock, signal, on }) {
      const { bytes } = await repository.manifest(stock.image.descriptor, { signal, on });
      assert.ok(Buffer.from(bytes).equals(stock.image.manifest.bytes), 'another manifest');
    },
  },
  'GET blob': {
    group: 'GET blob',
    strikes: at('GET', /\/blobs\/sha/),
    brings: true,
    async run({ repository, stock, signal, on }) {
      const bytes = Buffer.concat(await all(repository.blob(stock.blob.descriptor).open({ signal, on })));
      assert.ok(bytes.equals(stock.bytes), 'another blob');
    },
  },
  'HEAD blob': {
    group: 'HEAD blob',
    strikes: at('HEAD', /\/blobs\//),
    async run({ repository, stock, signal, on }) {
      const { digest, size } = stock.blob.descriptor;
      const found = await repository.stat(digest, { signal, on });
      assert.deepEqual([found?.digest, found?.size], [digest, size]);
    },
  },
  'upload start': { group: 'upload start or mount', strikes: at('POST', uploads), run: push },
  mount: {
    group: 'upload start or mount',
    strikes: at('POST', /mount=/),
    async run(occasion) {
      const { direct, client, host, stock, seed } = occasion;
      const content = client.repository(`${host}/team/app`).blob(stock.blob.descriptor);
      const name = `mounts/${seed.replaceAll(/[^a-z0-9]+/g, '-')}`;
      await client.repository(`${host}/${name}`).putBlob(content, { signal: occasion.signal, on: occasion.on });
      const kept = await all(direct(name).blob(stock.blob.descriptor).open());
      assert.ok(Buffer.concat(kept).equals(stock.bytes), 'another blob is kept');
    },
  },
  'upload data, whole': {
    group: 'upload data',
    strikes: at('PUT', uploads),
    armedBy: at('POST', uploads),
    sends: true,
    run: push,
  },
  'upload data, in chunks': {
    group: 'upload data',
    strikes: at('PATCH', uploads),
    armedBy: at('POST', uploads),
    sends: true,
    chunkSize: CHUNK_BYTES,
    run: push,
  },
  'upload commit': {
    group: 'upload commit',
    strikes: at('PUT', uploads),
    armedBy: at('PATCH', uploads),
    chunkSize: BLOB_BYTES - 1,
    run: push,
  },
  'PUT manifest': {
    group: 'PUT manifest',
    strikes: at('PUT', /\/manifests\//),
    sends: true,
    prepare: async (occasion) => putBlobs(occasion.direct(), await freshImage(occasion)),
    async run(occasion) {
      const { manifest } = await freshImage(occasion);
      const tag = `t${occasion.seed.replaceAll(/\W+/g, '-')}`.slice(0, 100);
      await occasion.repository.putManifest(manifest, { tags: [tag], signal: occasion.signal, on: occasion.on });
      assert.equal((await occasion.direct().resolve(tag))?.digest, manifest.descriptor.digest);
    },
  },
  'list tags': {
    group: 'list tags or catalog',
    strikes: at('GET', /\/tags\/list/),
    brings: true,
    async run({ client, host, signal, on }) {
      const found = await all(client.repository(`${host}/team/listed`).tags({ signal, on }));
      assert.deepEqual(found.sort(), ['a', 'b', 'c']); // docker-registry gives them in no order
    },
  },
  'list repositories': {
    group: 'list tags or catalog',
    strikes: at('GET', /\/_catalog/),
    brings: true,
    async run({ client, host, signal, on }) {
      const found = await all(client.registry(host).repositories({ signal, on }));
      assert.ok(found.includes('team/app') && found.includes('team/listed'), String(found));
    },
  },
  'list referrers': {
    group: 'list referrers or delete',
    strikes: at('GET', /\/(?:referrers|manifests)\/sha256/),
    brings: true,
    async run({ repository, stock, signal, on }) {
      const found = await all(repository.referrers(stock.image.descriptor, { signal, on }));
      assert.deepEqual(
        found.map(({ digest }) => digest),
        [stock.attached.descriptor.digest],
      );
    },
  },
  'delete a manifest': {
    group: 'list referrers or delete',
    strikes: at('DELETE', /\/manifests\//),
    async prepare(occasion) {
      const image = await freshImage(occasion);
      await putBlobs(occasion.direct(), image);
      await occasion.direct().putManifest(image.manifest);
    },
    async run(occasion) {
      const { digest } = (await freshImage(occasion)).descriptor;
      await occasion.repository.delete({ manifest: digest }, { signal: occasion.signal, on: occasion.on });
      assert.equal(await occasion.direct().resolve(digest), undefined);
    },
  },
};
