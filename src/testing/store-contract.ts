/**
 * The contract of a store, as tests: whatever passes them can stand at either end of a copy.
 * Run it over a store of your own: `testStore('my store', async () => ({ store, close }))`.
 */
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import type { ErrorCode } from '../errors.ts';
import { readAll } from '../bytes/read.ts';
import { OCI_INDEX } from '../model/media-types.ts';
import { contentOf } from '../store/content.ts';
import type { Content, Source, Store, Target } from '../store/types.ts';
import { all, blob, chunked, fake, imageManifest, indexOf, putImage, rejects, text } from './samples.ts';

/** What a factory makes for each test. */
export interface StoreUnderTest<T extends Target = Store> {
  /** Empty. */
  readonly store: T;
  /** The same content once more, opened anew: another session, another process' view. */
  reopen?(): Promise<Source>;
  close(): Promise<void>;
}

export interface StoreContractOptions {
  /** Does the store delete? Archives do not. */
  readonly deletes?: boolean;
}

type Factory = (t: TestContext) => Promise<StoreUnderTest<Target | Store>>;

/** Registers the contract's tests for a store that reads, writes and deletes. */
export function testStore(name: string, factory: Factory, options: StoreContractOptions = {}): void {
  describe(`${name} keeps the contract of a store`, () => {
    const check = (
      title: string,
      body: (store: Store, under: StoreUnderTest<Target | Store>) => Promise<void>,
    ): void => {
      test(title, async (t) => {
        const under = await factory(t);
        try {
          await body(under.store as Store, under);
        } finally {
          await under.close();
        }
      });
    };
    blobTests(check);
    wrongContentTests(check);
    manifestTests(check);
    indexTests(check);
    listingTests(check);
    reopenTests(check);
    if (options.deletes !== false) deleteTests(check);
  });
}

type Check = (title: string, body: (store: Store, under: StoreUnderTest<Target | Store>) => Promise<void>) => void;

function blobTests(check: Check): void {
  check('a blob comes back as it went in, as often as it is opened', async (store) => {
    const content = blob('some bytes');
    assert.equal(await store.putBlob(content), 'written');
    assert.equal(await store.putBlob(content), 'exists');
    assert.equal((await store.stat(content.descriptor.digest))?.size, 10);
    const back = store.blob(content.descriptor);
    assert.equal(await text(back), 'some bytes');
    assert.equal(await text(back), 'some bytes');
  });
  check('a window of a blob is what was asked for', async (store) => {
    const content = blob('0123456789');
    await store.putBlob(content);
    assert.equal(await text(store.blob(content.descriptor), { start: 3, end: 7 }), '3456');
    assert.equal(await text(store.blob(content.descriptor), { start: 8 }), '89');
  });
  check('a blob without bytes is kept', async (store) => {
    const content = blob('');
    await store.putBlob(content);
    assert.equal((await store.stat(content.descriptor.digest))?.size, 0);
    assert.equal(await text(store.blob(content.descriptor)), '');
  });
  check('a large blob in uneven chunks comes back whole', async (store) => {
    const bytes = new Uint8Array(3_000_000).map((_, at) => (at * 31) % 251);
    const content = chunked(bytes, [1, 65_536, 999_999]);
    assert.equal(await store.putBlob(content), 'written');
    assert.deepEqual(await readAll(store.blob(content.descriptor).open(), bytes.length, 'blob'), bytes);
  });
  check('an unknown blob is not there', async (store) => {
    await store.putBlob(blob('something else'));
    const { descriptor } = blob('never put');
    assert.equal(await store.stat(descriptor.digest), undefined);
    await rejects(text(store.blob(descriptor)), 'NOT_FOUND');
  });
  check('blobs put at once do not disturb one another', async (store) => {
    const contents = Array.from({ length: 20 }, (_, at) => blob(`blob number ${at % 10}`));
    await Promise.all(contents.map((content) => store.putBlob(content)));
    for (const [at, { descriptor }] of contents.entries()) {
      assert.equal(await text(store.blob(descriptor)), `blob number ${at % 10}`);
    }
  });
}

function wrongContentTests(check: Check): void {
  const attempts: [string, Content, ErrorCode][] = [
    ['wrong bytes', fake('right bytes', 'wrong bytes'), 'DIGEST_MISMATCH'],
    ['too few bytes', fake('right bytes', 'right'), 'SIZE_MISMATCH'],
    ['too many bytes', fake('right bytes', 'right bytes and more'), 'SIZE_MISMATCH'],
  ];
  for (const [title, content, code] of attempts) {
    check(`${title} are refused, and nothing is kept`, async (store) => {
      await rejects(store.putBlob(content), code);
      assert.equal(await store.stat(content.descriptor.digest), undefined);
      assert.equal(await store.putBlob(blob('right bytes')), 'written');
      assert.equal(await text(store.blob(content.descriptor)), 'right bytes');
    });
  }
  check('a source that fails half-way leaves no blob', async (store) => {
    const { descriptor } = blob('right bytes');
    const broken = contentOf(descriptor, async function* () {
      yield new TextEncoder().encode('right');
      throw new Error('the cable was cut');
    });
    await assert.rejects(store.putBlob(broken), /the cable was cut/);
    assert.equal(await store.stat(descriptor.digest), undefined);
  });
  check('an aborted put leaves no blob', async (store) => {
    const controller = new AbortController();
    const { descriptor } = blob('right bytes');
    const endless = contentOf(descriptor, async function* () {
      yield new TextEncoder().encode('right');
      controller.abort();
      yield new TextEncoder().encode(' bytes');
    });
    await rejects(store.putBlob(endless, { signal: controller.signal }), 'ABORTED');
    assert.equal(await store.stat(descriptor.digest), undefined);
  });
}

function manifestTests(check: Check): void {
  check('a manifest keeps its bytes, digest and media type', async (store) => {
    const { manifest } = await putImage(store, 'one', ['v1', 'v2']);
    for (const reference of ['v1', 'v2', manifest.descriptor.digest]) {
      const back = await store.manifest(reference);
      assert.deepEqual(Buffer.from(back.bytes), Buffer.from(manifest.bytes));
      assert.deepEqual(back.descriptor, manifest.descriptor);
      assert.deepEqual(await store.resolve(reference), manifest.descriptor);
    }
    assert.equal(await store.putManifest(manifest, { tags: ['v1'] }), 'exists');
  });
  check('an unknown reference resolves to nothing, and its manifest is NOT_FOUND', async (store) => {
    await putImage(store, 'one', ['v1']);
    const { digest } = blob('never put').descriptor;
    assert.equal(await store.resolve('v9'), undefined);
    assert.equal(await store.resolve(digest), undefined);
    await rejects(store.manifest('v9'), 'NOT_FOUND');
    await rejects(store.manifest(digest), 'NOT_FOUND');
  });
  check('a manifest whose blobs are missing is refused', async (store) => {
    const manifest = imageManifest(blob('config'), blob('layer'));
    await rejects(store.putManifest(manifest, { tags: ['v1'] }), 'MANIFEST_BLOB_UNKNOWN');
    assert.equal(await store.resolve('v1'), undefined);
  });
  check('a tag moves to another manifest', async (store) => {
    const one = await putImage(store, 'one', ['latest']);
    const two = await putImage(store, 'two', ['latest']);
    assert.equal((await store.resolve('latest'))?.digest, two.manifest.descriptor.digest);
    assert.equal((await store.manifest(one.manifest.descriptor.digest)).descriptor.size, one.manifest.bytes.length);
  });
  check('what is attached to a manifest is listed', async (store) => {
    const { manifest } = await putImage(store, 'one', ['v1']);
    const attached = await putImage(store, 'sbom', [], {
      subject: manifest.descriptor,
      artifactType: 'application/x-sbom',
    });
    await putImage(store, 'signature', [], { subject: manifest.descriptor, artifactType: 'application/x-signature' });
    assert.equal((await all(store.referrers(manifest.descriptor))).length, 2);
    const [only] = await all(store.referrers(manifest.descriptor, { artifactType: 'application/x-sbom' }));
    assert.equal(only?.digest, attached.manifest.descriptor.digest);
    assert.equal(only?.artifactType, 'application/x-sbom');
    assert.deepEqual(await all(store.referrers(attached.manifest.descriptor)), []);
  });
}

function indexTests(check: Check): void {
  check('an index leads to its manifests', async (store) => {
    const one = await putImage(store, 'one', []);
    const two = await putImage(store, 'two', []);
    const index = indexOf([one.manifest, two.manifest]);
    await store.putManifest(index, { tags: ['multi'] });
    const back = await store.manifest('multi');
    assert.equal(back.descriptor.mediaType, OCI_INDEX);
    for (const { descriptor } of back.links)
      assert.equal((await store.manifest(descriptor)).descriptor.digest, descriptor.digest);
  });
  check('a part of an index is there before the index is', async (store) => {
    const { manifest } = await putImage(store, 'one', [], {}, true);
    const { digest } = manifest.descriptor;
    assert.equal((await store.resolve(digest))?.digest, digest);
    const index = indexOf([manifest]);
    await store.putManifest(index, { tags: ['multi'] });
    const read = [await store.manifest('multi'), await store.manifest(digest)];
    assert.deepEqual(
      read.map(({ descriptor }) => descriptor.digest),
      [index.descriptor.digest, digest],
    );
  });
}

function listingTests(check: Check): void {
  check('tags are listed, from a name on when asked', async (store) => {
    await putImage(store, 'one', ['b', 'a', 'c']);
    assert.deepEqual((await all(store.tags())).sort(), ['a', 'b', 'c']);
    assert.deepEqual((await all(store.tags({ last: 'a' }))).sort(), ['b', 'c']);
  });
  check('tags written at once are all there', async (store) => {
    const { manifest } = await putImage(store, 'one', []);
    const tags = Array.from({ length: 12 }, (_, at) => `t${at}`);
    await Promise.all(tags.map((tag) => store.putManifest(manifest, { tags: [tag] })));
    assert.deepEqual((await all(store.tags())).sort(), [...tags].sort());
  });
}

function reopenTests(check: Check): void {
  check('what was written is there for whoever opens it anew', async (store, under) => {
    const { manifest, layer } = await putImage(store, 'one', ['v1']);
    const again = (await under.reopen?.()) ?? store;
    assert.equal((await again.resolve('v1'))?.digest, manifest.descriptor.digest);
    assert.equal(await text(again.blob(layer.descriptor)), 'layer of one');
  });
}

function deleteTests(check: Check): void {
  check('deleting a tag leaves its siblings', async (store) => {
    const { manifest } = await putImage(store, 'one', ['a', 'b']);
    assert.equal(await store.delete({ tag: 'a' }), 'deleted');
    assert.equal(await store.resolve('a'), undefined);
    assert.equal((await store.resolve('b'))?.digest, manifest.descriptor.digest);
    assert.equal(await store.delete({ tag: 'a' }), 'absent');
  });
  check('deleting a manifest takes its tags along', async (store) => {
    const { manifest } = await putImage(store, 'one', ['a', 'b']);
    const other = await putImage(store, 'two', ['c']);
    assert.equal(await store.delete({ manifest: manifest.descriptor.digest }), 'deleted');
    assert.equal(await store.resolve(manifest.descriptor.digest), undefined);
    assert.deepEqual(await all(store.tags()), ['c']);
    assert.equal((await store.resolve('c'))?.digest, other.manifest.descriptor.digest);
    assert.equal(await store.delete({ manifest: manifest.descriptor.digest }), 'absent');
  });
  check('deleting a blob takes it away', async (store) => {
    const content = blob('some bytes');
    await store.putBlob(content);
    assert.equal(await store.delete({ blob: content.descriptor.digest }), 'deleted');
    assert.equal(await store.stat(content.descriptor.digest), undefined);
  });
}
