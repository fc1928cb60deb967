import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { digestOf } from '../../src/bytes/hash.ts';
import { OCI_MANIFEST } from '../../src/model/media-types.ts';
import { createMemoryRegistry } from '../../src/store/memory.ts';
import type { Ingest, IngestRegistry, IngestStore } from '../../src/store/types.ts';
import { buildImage, putBuilt, seededBytes } from '../../src/testing/fixtures.ts';
import { createApi, locationOf } from '../support/api.ts';
import { createFeed, settle } from '../support/streams.ts';

const bytes = seededBytes(1000, 'calls');
const digest = digestOf(bytes);

/** A registry of one repository that tells what it is asked. */
function watched(store: IngestStore, change: Partial<IngestStore>): IngestRegistry {
  const seen = { ...store, ...change };
  return { repository: () => seen, repositories: () => assert.fail('nobody asks for a list') };
}

describe('the store of a server', () => {
  let store: IngestStore;
  let aborted: number;
  let asked: string[];

  const watch = (): IngestRegistry => {
    const told = (ingest: Ingest | undefined): Ingest | undefined => {
      if (ingest === undefined) return undefined;
      const abort = async (): Promise<void> => {
        aborted++;
        await ingest.abort();
      };
      return Object.create(ingest, { abort: { value: abort } }) as Ingest;
    };
    return watched(store, {
      ingest: async (options) => told(await store.ingest(options)) ?? assert.fail(),
      resumeIngest: async (id, options) => {
        asked.push(id);
        return told(await store.resumeIngest(id, options));
      },
    });
  };

  beforeEach(() => {
    store = createMemoryRegistry().repository('r');
    aborted = 0;
    asked = [];
  });

  it('is told to give up the bytes of a POST that fails, and of an upload with a wrong digest', async () => {
    const api = createApi({ registry: watch() });
    await api.send('POST', `/v2/r/blobs/uploads/?digest=${digest}`, { body: 'other bytes' });
    assert.equal(aborted, 1);
    const start = await api.send('POST', '/v2/r/blobs/uploads/');
    await api.send('PUT', locationOf(start, { digest }), { body: 'other bytes' });
    assert.equal(aborted, 2);
  });

  it('is told to give up an upload that has rested too long, and none that is being worked on', async () => {
    let now = 0;
    const api = createApi({ registry: watch(), now: () => now, limits: { uploadIdleMs: 100 } });
    await api.send('POST', '/v2/r/blobs/uploads/');
    const start = await api.send('POST', '/v2/r/blobs/uploads/');
    const feed = createFeed();
    const working = api.send('PUT', locationOf(start, { digest }), { body: feed.stream });
    feed.push(bytes);
    await settle();
    now = 200;
    await api.send('POST', '/v2/r/blobs/uploads/');
    assert.equal(aborted, 1);
    feed.end();
    assert.equal((await working).status, 201);
  });

  it('is asked for no upload whose name could be a path', async () => {
    const api = createApi({ registry: watch() });
    for (const id of ['..', '.', 'a%2fb', 'a.b', '%00', 'a'.repeat(129), '~', 'a:b']) {
      assert.ok((await api.send('GET', `/v2/r/blobs/uploads/${id}`)).status >= 400, id);
    }
    assert.deepEqual(asked, []);
    await api.send('GET', '/v2/r/blobs/uploads/A_b-9');
    assert.deepEqual(asked, ['A_b-9']);
  });

  it('decides itself whether a tag still is what If-Match says: it may change in between', async () => {
    const [one, two] = [await buildImage({ layers: [bytes] }), await buildImage({ layers: [bytes.subarray(1)] })];
    await putBuilt(store, one, { tags: ['v1'] });
    await putBuilt(store, two);
    const registry = watched(store, {
      resolve: async (reference, options) => {
        const descriptor = await store.resolve(reference, options);
        await store.putManifest(two.manifest, { tags: ['v1'] });
        return descriptor;
      },
    });
    const headers = { 'content-type': OCI_MANIFEST, 'if-match': `"${one.descriptor.digest}"` };
    const body = one.manifest.bytes;
    assert.equal((await createApi({ registry }).send('PUT', '/v2/r/manifests/v1', { headers, body })).status, 412);
    assert.equal((await store.resolve('v1'))?.digest, two.descriptor.digest);
  });

  it('is not opened for a HEAD', async () => {
    await store.ingest().then(async (ingest) => {
      await ingest.append(
        (async function* () {
          yield bytes;
        })(),
      );
      await ingest.commit(digest);
    });
    const registry = watched(store, {
      blob: (descriptor) => ({ ...store.blob(descriptor), open: () => assert.fail('it was opened') }),
      manifest: () => assert.fail('it was read'),
    });
    const api = createApi({ registry });
    assert.equal((await api.send('HEAD', `/v2/r/blobs/${digest}`)).status, 200);
    await putBuilt(store, await buildImage({ layers: [bytes] }), { tags: ['v1'] });
    assert.equal((await api.send('HEAD', '/v2/r/manifests/v1')).status, 200);
  });

  it('and access are asked nothing about names that cannot be', async () => {
    const registry: IngestRegistry = {
      repository: (name) => assert.fail(name),
      repositories: () => assert.fail('nobody asks for a list'),
    };
    const api = createApi({ registry, access: (_, { repository }) => assert.fail(repository) });
    for (const name of ['A', 'a//b', '..%2fetc', 'a%2fb', '-']) {
      assert.equal((await api.send('GET', `/v2/${name}/tags/list`)).status, 400, name);
    }
    assert.equal((await api.send('GET', '/v2/a/manifests/sha256:x')).status, 400);
  });
});
