import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { digestOf } from '../../src/bytes/hash.ts';
import type { Manifest } from '../../src/model/manifest.ts';
import { manifestFrom } from '../../src/store/content.ts';
import { buildImage, buildIndex, putBuilt } from '../../src/testing/fixtures.ts';
import * as faults from '../../src/testing/faults.ts';
import * as quirks from '../../src/testing/quirks.ts';
import { changing, only, requestTo, type Wrap } from '../../src/testing/wrap.ts';
import { rejection } from '../support/failure.ts';
import { type TestRegistry, testRegistry } from '../support/test-registry.ts';

const image = await buildImage({ layers: [new TextEncoder().encode('one')] });
const other = await buildImage({ layers: [new TextEncoder().encode('two')] });
const puts = requestTo('manifest', 'PUT');

/** A registry that has the blobs of both images, and no manifest. */
async function withBlobs(...wraps: Wrap[]): Promise<TestRegistry> {
  const made = testRegistry({ wraps });
  const store = made.registry.repository('team/app');
  for (const blob of [...image.blobs, ...other.blobs]) await store.putBlob(blob);
  return made;
}

const tagged = ({ registry }: TestRegistry, tag: string): Promise<string | undefined> =>
  registry
    .repository('team/app')
    .resolve(tag)
    .then((descriptor) => descriptor?.digest);
const written = ({ requests }: TestRegistry): string[] =>
  requests.filter(({ method }) => method === 'PUT').map(({ path }) => path.replace('/v2/team/app/manifests/', ''));

describe('a manifest', () => {
  test('NODE-35 WRITE-2: is sent as it is, with its own media type, under its digest', async () => {
    const odd = new TextDecoder()
      .decode(image.manifest.bytes)
      .replace(/:/g, ' :\n\t')
      .replace(/sha256 :\n\t/g, 'sha256:');
    const manifest = manifestFrom(new TextEncoder().encode(odd));
    const made = await withBlobs();
    assert.equal(await made.repository.putManifest(manifest), 'written');
    assert.deepEqual(written(made), [manifest.descriptor.digest]);
    assert.equal(made.requests[0]?.headers['content-type'], manifest.descriptor.mediaType);
    assert.deepEqual(
      (await made.registry.repository('team/app').manifest(manifest.descriptor.digest)).bytes,
      manifest.bytes,
    );
  });

  test('RUBY-65 NODE-35 WRITE-2: is given all its tags', async () => {
    const made = await withBlobs();
    assert.equal(await made.repository.putManifest(image.manifest, { tags: ['v1', 'v2', 'latest'] }), 'written');
    assert.deepEqual(written(made), ['v1', 'v2', 'latest']);
    for (const tag of ['v1', 'v2', 'latest']) assert.equal(await tagged(made, tag), image.manifest.descriptor.digest);
  });

  test('is not sent to a tag that stands for it already', async () => {
    const made = await withBlobs();
    await made.repository.putManifest(image.manifest, { tags: ['v1'] });
    const before = made.requests.length;
    assert.equal(await made.repository.putManifest(image.manifest, { tags: ['v1'] }), 'exists');
    assert.deepEqual(made.lines().slice(before), ['HEAD /v2/team/app/manifests/v1 200']);
  });

  test('is sent without a question where the caller knows what its tags stand for', async () => {
    const made = await withBlobs();
    const standing = new Map([
      ['v1', undefined],
      ['v2', other.manifest.descriptor.digest],
      ['v3', image.manifest.descriptor.digest],
    ]);
    assert.equal(
      await made.repository.putManifest(image.manifest, { tags: [...standing.keys()], standing }),
      'written',
    );
    assert.deepEqual(
      made.requests.map(({ method }) => method),
      ['PUT', 'PUT'],
    );
    assert.deepEqual(written(made), ['v1', 'v2']);
    assert.equal(await made.repository.putManifest(image.manifest, { tags: ['v3'], standing }), 'exists');
    assert.equal(made.requests.length, 2);
  });

  test('is asked for with a condition, whatever the caller knows', async () => {
    const made = await withBlobs();
    await made.repository.putManifest(other.manifest, { tags: ['v1'] });
    const ifMatch = image.manifest.descriptor.digest;
    const standing = new Map([['v1', ifMatch]]);
    await rejection('CONFLICT', made.repository.putManifest(image.manifest, { tags: ['v1'], ifMatch, standing }));
    assert.equal(await tagged(made, 'v1'), other.manifest.descriptor.digest);
  });

  test('is refused before it is sent when its bytes are not those of its digest, or a tag is none', async () => {
    const made = await withBlobs();
    const forged: Manifest = { ...image.manifest, bytes: other.manifest.bytes };
    await rejection('DIGEST_MISMATCH', made.repository.putManifest(forged));
    await rejection('REFERENCE_INVALID', made.repository.putManifest(image.manifest, { tags: ['v1', '../x'] }));
    assert.equal(made.requests.length, 0);
  });

  test('WRITE-2: that the registry says it keeps under another digest is an error', async () => {
    const lie = changing(puts, () => ({ headers: { 'docker-content-digest': other.manifest.descriptor.digest } }));
    const made = await withBlobs(lie);
    await rejection('DIGEST_MISMATCH', made.repository.putManifest(image.manifest, { tags: ['v1'] }));
  });

  test('is written where the answer tells nothing of it', async () => {
    const made = await withBlobs(quirks.putWithoutHeaders());
    assert.equal(await made.repository.putManifest(image.manifest, { tags: ['v1'] }), 'written');
  });

  test('named by sha512 is written under that digest, tags along with it', async () => {
    const digest = digestOf(image.manifest.bytes, 'sha512');
    const manifest = manifestFrom(image.manifest.bytes, undefined, digest);
    const made = await withBlobs();
    await made.repository.putManifest(manifest, { tags: ['v1', 'v2'] });
    assert.match(written(made)[0] ?? '', new RegExp(`^${digest}\\?tag=v1&tag=v2$`));
    for (const tag of ['v1', 'v2']) {
      assert.deepEqual((await made.registry.repository('team/app').manifest(tag)).bytes, manifest.bytes);
    }
  });
});

describe('a condition', () => {
  test('lets a write through that finds what it expects, and no other', async () => {
    const made = await withBlobs();
    await made.repository.putManifest(image.manifest, { tags: ['v1'] });
    const ifMatch = image.manifest.descriptor.digest;
    assert.equal(await made.repository.putManifest(other.manifest, { tags: ['v1'], ifMatch }), 'written');
    const before = made.requests.length;
    const error = await rejection('CONFLICT', made.repository.putManifest(image.manifest, { tags: ['v1'], ifMatch }));
    assert.match(error.message, /v1 stands for sha256:/);
    await rejection('CONFLICT', made.repository.putManifest(image.manifest, { tags: ['v9'], ifMatch }));
    assert.ok(made.requests.slice(before).every(({ method }) => method !== 'PUT'));
  });

  test('is told to the registry, which may know of a write in between', async () => {
    const made = await withBlobs();
    await made.repository.putManifest(image.manifest, { tags: ['v1'] });
    const ifMatch = image.manifest.descriptor.digest;
    await made.repository.putManifest(other.manifest, { tags: ['v1'], ifMatch });
    assert.equal(made.requests.at(-1)?.headers['if-match'], `"${ifMatch}"`);
    const late = await withBlobs(only(faults.answerWith(412), { matches: puts }));
    await putBuilt(late.registry.repository('team/app'), image, { tags: ['v1'] });
    await rejection('CONFLICT', late.repository.putManifest(other.manifest, { tags: ['v1'], ifMatch }));
  });
});

describe('a manifest whose blobs the registry has not got', () => {
  test('names all that is missing', async () => {
    const made = testRegistry();
    const { digest } = image.manifest.descriptor;
    const index = buildIndex({ manifests: [image.descriptor, other.descriptor] });
    const error = await rejection(
      'MANIFEST_BLOB_UNKNOWN',
      made.repository.putManifest(image.manifest, { tags: ['v1'] }),
    );
    assert.deepEqual([...error.digests].sort(), image.blobs.map(({ descriptor }) => descriptor.digest).sort());
    await putBuilt(made.registry.repository('team/app'), image);
    const ofIndex = await rejection('MANIFEST_BLOB_UNKNOWN', made.repository.putManifest(index.manifest));
    assert.deepEqual(ofIndex.digests, [other.manifest.descriptor.digest]);
    assert.ok(!ofIndex.digests.includes(digest));
  });

  test('is sent again when the blobs are there after all', async () => {
    const [config] = image.blobs;
    const made = await withBlobs(quirks.blobsSeenLate(3, config?.descriptor.digest ?? ''));
    assert.equal(await made.repository.putManifest(image.manifest, { tags: ['v1'] }), 'written');
    assert.deepEqual(made.clock.waits, [200, 400, 800]);
    const never = await withBlobs(quirks.blobsSeenLate(99, config?.descriptor.digest ?? ''));
    await rejection('MANIFEST_BLOB_UNKNOWN', never.repository.putManifest(image.manifest, { tags: ['v1'] }));
    assert.equal(written(never).length, 4);
  });

  test('is known for what it is where the registry answers a plain 404', async () => {
    const made = testRegistry({ wraps: [only(faults.answerWith(404), { matches: puts })] });
    const error = await rejection(
      'MANIFEST_BLOB_UNKNOWN',
      made.repository.putManifest(image.manifest, { tags: ['v1'] }),
    );
    assert.equal(error.digests.length, 2);
  });

  test('is not what a missing repository means', async () => {
    const made = testRegistry({ wraps: [quirks.noAutoCreate([])] });
    const error = await rejection('NOT_FOUND', made.repository.putManifest(image.manifest, { tags: ['v1'] }));
    assert.equal(error.errors[0]?.code, 'NAME_UNKNOWN');
  });
});

describe('a tag whose answer got lost', () => {
  test('is looked at, and not written again when it stands for the manifest', async () => {
    const made = await withBlobs(only(faults.cutAfterWork(), { matches: puts, times: 1 }));
    assert.equal(await made.repository.putManifest(image.manifest, { tags: ['v1'] }), 'written');
    assert.equal(written(made).length, 1);
  });

  test('is written again while it stands for what it stood for', async () => {
    const made = await withBlobs(only(faults.cutBeforeAnswer(), { matches: puts, times: 2 }));
    await putBuilt(made.registry.repository('team/app'), other, { tags: ['v1'] });
    assert.equal(await made.repository.putManifest(image.manifest, { tags: ['v1'] }), 'written');
    assert.equal(await tagged(made, 'v1'), image.manifest.descriptor.digest);
  });

  test("is left alone when somebody else's newer push was there first", async () => {
    const newer: Wrap = (handler) => async (request, info) => {
      await putBuilt(made.registry.repository('team/app'), other, { tags: ['v1'] });
      return faults.cutBeforeAnswer()(handler)(request, info);
    };
    const made = await withBlobs(only(newer, { matches: puts, times: 1 }));
    await rejection('UNREACHABLE', made.repository.putManifest(image.manifest, { tags: ['v1'] }));
    assert.equal(await tagged(made, 'v1'), other.manifest.descriptor.digest);
  });

  test('is left alone where it no longer stands for what the caller knew', async () => {
    const made = await withBlobs(only(faults.cutBeforeAnswer(), { matches: puts, times: 1 }));
    await putBuilt(made.registry.repository('team/app'), other, { tags: ['v1'] });
    const standing = new Map([['v1', undefined]]);
    await rejection('UNREACHABLE', made.repository.putManifest(image.manifest, { tags: ['v1'], standing }));
    assert.equal(await tagged(made, 'v1'), other.manifest.descriptor.digest);
  });

  test('by digest is simply sent again', async () => {
    const made = await withBlobs(only(faults.cutBeforeAnswer(), { matches: puts, times: 2 }));
    assert.equal(await made.repository.putManifest(image.manifest), 'written');
    assert.equal(written(made).length, 3);
  });
});

test('a manifest that the registry finds invalid is not sent again', async () => {
  const made = await withBlobs(
    only(faults.answerWith(400, {}, '{"errors":[{"code":"MANIFEST_INVALID"}]}'), { matches: puts }),
  );
  await rejection('MANIFEST_INVALID', made.repository.putManifest(image.manifest, { tags: ['v1'] }));
  assert.equal(written(made).length, 1);
});
