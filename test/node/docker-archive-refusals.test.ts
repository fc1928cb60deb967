import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { decompress } from '../../src/bytes/decompress.ts';
import { digestOf } from '../../src/bytes/hash.ts';
import { copy } from '../../src/graph/copy.ts';
import type { Digest } from '../../src/model/digest.ts';
import type { ImageManifest, Manifest } from '../../src/model/manifest.ts';
import * as types from '../../src/model/media-types.ts';
import {
  createDockerArchive,
  type DockerArchiveDraft,
  openDockerArchive,
} from '../../src/node/docker/docker-archive-file.ts';
import { contentFrom, manifestFromDocument } from '../../src/store/content.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import type { Content, Target } from '../../src/store/types.ts';
import { buildArtifact, buildImage, buildIndex, type Built, putBuilt } from '../../src/testing/fixtures.ts';
import { all, blob, fake, rejects, text } from '../../src/testing/samples.ts';
import { rejection } from '../support/failure.ts';
import { bytesOf, viewImage } from '../support/image-view.ts';
import { scratch } from '../support/layouts.ts';
import { damaged, watched } from '../support/watched-content.ts';

interface Fresh extends DockerArchiveDraft {
  readonly file: string;
}

async function fresh(t: TestContext): Promise<Fresh> {
  const file = join(await scratch(t), 'saved.tar');
  const draft = await createDockerArchive(file);
  t.after(draft.abort);
  return { ...draft, file };
}

const layers = [{ files: { 'etc/text': 'some text' } }];
const image = (architecture: string): Promise<Built> => buildImage({ layers, platform: { os: 'linux', architecture } });

async function putBlobs(target: Target, { blobs }: Built): Promise<void> {
  for (const content of blobs) await target.putBlob(content);
}

test('an index needs a platform, and the error names those that there are', async (t) => {
  const { target } = await fresh(t);
  const index = buildIndex({ manifests: [await image('amd64'), await image('arm64')] });
  const error = await rejection('USAGE', target.putManifest(index.manifest));
  assert.equal(error.hint, 'choose a platform (--platform): linux/amd64, linux/arm64');
});

test('artifacts, and what is attached to an image, have no place in it', async (t) => {
  const { target } = await fresh(t);
  const subject = await image('amd64');
  const sbom = buildArtifact({ artifactType: 'application/spdx+json', subject: subject.descriptor });
  const attached = await buildImage({ layers, subject: subject.descriptor });
  for (const { manifest } of [sbom, attached]) {
    const error = await rejection('UNSUPPORTED', target.putManifest(manifest));
    assert.match(error.hint ?? '', /oci-archive:FILE/);
  }
});

test('a tag alone is no name, and is refused before anything is sent', async (t) => {
  const { target } = await fresh(t);
  const store = createMemoryStore();
  await putBuilt(store, await image('amd64'), { tags: ['1.0'] });
  const error = await rejection('REFERENCE_INVALID', copy(store, '1.0', target, { tags: ['1.0'] }));
  assert.match(error.hint ?? '', /the repository and the tag/);
  const manifest = await store.manifest('1.0');
  assert.equal(await target.stat(manifest.links[1]?.descriptor.digest ?? assert.fail()), undefined);
  await rejects(target.putManifest(manifest, { tags: ['Not a Name'] }), 'REFERENCE_INVALID');
});

test('what it refers to has to be there', async (t) => {
  const { target } = await fresh(t);
  const { manifest, blobs } = await image('amd64');
  await target.putBlob(blobs[0] ?? assert.fail());
  const error = await rejection('MANIFEST_BLOB_UNKNOWN', target.putManifest(manifest));
  assert.deepEqual(error.digests, [blobs[1]?.descriptor.digest]);
});

test('a foreign layer has to be in it, though a registry need not have it', async (t) => {
  const { target, commit, file } = await fresh(t);
  const built = await image('amd64');
  const { config, layers: own } = built.manifest.document as ImageManifest;
  const foreign = { ...(own[0] ?? assert.fail()), urls: ['https://example.com/layer'] };
  const manifest = manifestFromDocument({ ...built.manifest.document, config, layers: [foreign] });
  const store = createMemoryStore();
  await putBuilt(store, { ...built, manifest }, { tags: ['1'] });
  const refused = await rejection('FOREIGN_LAYER', copy(store, '1', target, { tags: ['app:1'] }));
  assert.match(refused.hint ?? '', /--foreign-layers/);
  await copy(store, '1', target, { tags: ['app:1'], foreignLayers: true });
  await commit();
  const { source, close } = await openDockerArchive(file);
  assert.equal((await viewImage(source, 'app:1')).document.layers.length, 1);
  await close();
});

function withDiffIds(built: Built, diffIds: readonly string[]): { config: Content; manifest: Manifest } {
  const bytes = new TextEncoder().encode(
    JSON.stringify({ os: 'linux', architecture: 'amd64', rootfs: { type: 'layers', diff_ids: diffIds } }),
  );
  const config = contentFrom(bytes, types.OCI_CONFIG);
  return { config, manifest: manifestFromDocument({ ...built.manifest.document, config: config.descriptor }) };
}

test('a layer that does not unpack to what the config says is found out', async (t) => {
  const { target } = await fresh(t);
  const built = await image('amd64');
  await putBlobs(target, built);
  const wrong = withDiffIds(built, [digestOf(new Uint8Array(1))]);
  await target.putBlob(wrong.config);
  await rejects(target.putManifest(wrong.manifest), 'DIGEST_MISMATCH');
  const none = withDiffIds(built, []);
  await target.putBlob(none.config);
  await rejects(target.putManifest(none.manifest), 'MANIFEST_INVALID');
  assert.deepEqual(await all(target.tags()), []);
  assert.equal(await target.putManifest(built.manifest), 'written');
});

test('diff ids of another algorithm are checked, too', async (t) => {
  const { target } = await fresh(t);
  const built = await image('amd64');
  const packed = built.blobs[1] ?? assert.fail();
  const plain = await bytesOf({ ...packed, open: (options) => decompress(packed.open(options)) });
  const right = withDiffIds(built, [digestOf(plain, 'sha512')]);
  const wrong = withDiffIds(built, [digestOf(new Uint8Array(1), 'sha512')]);
  for (const content of [...built.blobs, right.config, wrong.config]) await target.putBlob(content);
  await rejects(target.putManifest(wrong.manifest), 'DIGEST_MISMATCH');
  assert.equal(await target.putManifest(right.manifest), 'written');
});

test('content that fails leaves no trace, and what comes at once stands in the order of asking', async (t) => {
  const { target, commit, file } = await fresh(t);
  const built = await image('amd64');
  const [config, layer] = [built.blobs[0] ?? assert.fail(), built.blobs[1] ?? assert.fail()];
  const puts = [
    target.putBlob(watched(blob('y'.repeat(100_000)), 50_000)),
    target.putBlob(fake('right bytes', 'wrong bytes')),
    target.putBlob(damaged(layer, 20)),
    target.putBlob({ ...config, open: () => damaged(config, 5).open() }),
    target.putBlob(blob('some bytes')),
    target.putBlob(layer),
    target.putBlob(config),
    target.putBlob(layer),
  ];
  const outcomes = (await Promise.allSettled(puts)).map((put) => (put.status === 'fulfilled' ? put.value : 'failed'));
  assert.deepEqual(outcomes, ['failed', 'failed', 'failed', 'failed', 'written', 'written', 'written', 'exists']);
  await target.putManifest(built.manifest, { tags: ['app:1'] });
  await commit();
  const names = execFileSync('tar', ['-tf', file]).toString().trim().split('\n');
  assert.equal(names.length, 5);
  assert.equal(names[0], `${digestOf(new TextEncoder().encode('some bytes')).slice(7)}.tar`);
  const { source, close } = await openDockerArchive(file);
  assert.equal((await viewImage(source, 'app:1')).document.config.digest, config.descriptor.digest);
  await close();
});

test('a session knows what it was given', async (t) => {
  const { target } = await fresh(t);
  const built = await image('amd64');
  const { digest } = built.manifest.descriptor;
  assert.equal(await target.resolve(digest), undefined);
  await putBuilt(target, built, { tags: ['app:1', 'docker.io/library/app:1'] });
  assert.deepEqual(await all(target.tags()), ['app:1']);
  assert.equal((await target.resolve('docker.io/library/app:1'))?.digest, digest);
  assert.equal((await target.manifest('app:1')).descriptor.digest, digest);
  assert.equal(await target.putManifest(built.manifest, { tags: ['app:1'] }), 'exists');
  assert.equal(await target.putManifest(built.manifest, { tags: ['app:2'] }), 'written');
  const [config, layer] = [built.blobs[0] ?? assert.fail(), built.blobs[1] ?? assert.fail()];
  assert.equal((await target.stat(layer.descriptor.digest))?.size, layer.descriptor.size);
  assert.equal(await text(target.blob(config.descriptor)), await text(config));
  const unpacked = await rejection('NOT_FOUND', text(target.blob(layer.descriptor)));
  assert.match(unpacked.hint ?? '', /unpacked/);
  await rejects(text(target.blob(blob('never put').descriptor)), 'NOT_FOUND');
  await rejects(target.manifest('app:3'), 'NOT_FOUND');
  assert.deepEqual(await all(target.referrers(built.descriptor)), []);
});

test('a name that is to be moved only from one image moves from no other', async (t) => {
  const { target, commit, file } = await fresh(t);
  const [one, two] = [await image('amd64'), await image('arm64')];
  await putBuilt(target, one, { tags: ['app:1'] });
  await putBlobs(target, two);
  const put = (ifMatch: Digest): Promise<unknown> => target.putManifest(two.manifest, { tags: ['app:1'], ifMatch });
  await rejects(put(two.manifest.descriptor.digest), 'CONFLICT');
  assert.equal(await put(one.manifest.descriptor.digest), 'written');
  await commit();
  const { source, close } = await openDockerArchive(file);
  assert.deepEqual(
    source.images.map(({ names }) => names),
    [[], ['app:1']],
  );
  await close();
});

test('whoever gives up has put nothing', async (t) => {
  const { target } = await fresh(t);
  const signal = AbortSignal.abort();
  const { blobs, manifest } = await image('amd64');
  const config = blobs[0] ?? assert.fail();
  await rejects(target.putBlob(config, { signal }), 'ABORTED');
  await rejects(target.putManifest(manifest, { signal }), 'ABORTED');
  assert.equal(await target.stat(config.descriptor.digest), undefined);
});
