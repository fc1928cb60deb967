import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { test, type TestContext } from 'node:test';
import { copy } from '../../src/graph/copy.ts';
import { OCI_CONFIG, OCI_LAYER, OCI_MANIFEST } from '../../src/model/media-types.ts';
import { createClient } from '../../src/registry/client.ts';
import { openPlace, openSource, openTarget } from '../../src/node/locator-open.ts';
import { parseLocator } from '../../src/node/locator.ts';
import { contentFrom, manifestFromDocument } from '../../src/store/content.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import type { Target } from '../../src/store/types.ts';
import { rejection } from '../support/failure.ts';

/** Whatever asks a registry here is wrong. */
const client = createClient({
  transport: () => Promise.reject(new Error('a request was sent')),
});
const source = (text: string, more: object = {}) => openSource(parseLocator(text), { client, ...more });
const target = (text: string, more: object = {}) => openTarget(parseLocator(text), { client, ...more });

async function folder(context: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'lading-locator-'));
  context.after(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** Puts a small image that is told from others by its text. */
async function putImage(store: Target, text: string, tags: readonly string[], subject?: object) {
  const config = contentFrom(new TextEncoder().encode('{}'), OCI_CONFIG);
  const layer = contentFrom(new TextEncoder().encode(text), OCI_LAYER);
  await store.putBlob(config);
  await store.putBlob(layer);
  const document = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: config.descriptor,
    layers: [layer.descriptor],
    ...(subject && { subject }),
  };
  const manifest = manifestFromDocument(document);
  await store.putManifest(manifest, { tags });
  return manifest.descriptor;
}

test('a reference is opened without a request, and without a tag means latest', async () => {
  const read = await source('alpine');
  assert.deepEqual([read.reference, read.describe], ['latest', 'docker.io/library/alpine']);
  const written = await target('ghcr.io/o/app');
  assert.deepEqual([written.tags, written.digest, written.describe], [['latest'], undefined, 'ghcr.io/o/app:latest']);
  await written.commit();
  await read.close();
});

test('a digest is what is asked for, and what has to be put', async () => {
  const digest = `sha256:${'a'.repeat(64)}` as const;
  assert.equal((await source(`ghcr.io/o/app:1@${digest}`)).reference, digest);
  const both = await target(`ghcr.io/o/app:1@${digest}`);
  assert.deepEqual([both.tags, both.digest], [['1'], digest]);
  const bare = await target(`ghcr.io/o/app@${digest}`);
  assert.deepEqual([bare.tags, bare.digest], [[], digest]);
  assert.equal(bare.at(digest), `ghcr.io/o/app@${digest}`);
});

test('an image goes into a layout and comes back from it', async (context) => {
  const dir = join(await folder(context), 'layout');
  const to = await target(`oci:${dir}:v1`);
  assert.deepEqual(to.tags, ['v1']);
  const put = await putImage(to.target, 'one', to.tags);
  await to.commit();
  for (const text of [`oci:${dir}:v1`, `oci:${dir}`, `oci:${dir}@${put.digest}`]) {
    const from = await source(text);
    assert.equal((await from.source.resolve(from.reference))?.digest, put.digest);
    assert.equal(from.describe, text);
    assert.equal(from.at(put.digest).endsWith(`@${put.digest}`), true);
    await from.close();
  }
});

test('an archive appears when it is committed, and not when it is given up', async (context) => {
  const dir = await folder(context);
  const memory = createMemoryStore();
  const put = await putImage(memory, 'one', ['v1']);
  const given = await target(`oci-archive:${dir}/given.tar:v1`);
  await copy(memory, 'v1', given.target, { tags: given.tags });
  await given.abort();
  assert.deepEqual(await readdir(dir), []);
  const kept = await target(`oci-archive:${dir}/kept.tar:v1`);
  await copy(memory, 'v1', kept.target, { tags: kept.tags });
  await kept.commit();
  await kept.abort();
  assert.deepEqual(await readdir(dir), ['kept.tar']);
  const from = await source(`oci-archive:${dir}/kept.tar`);
  assert.equal((await from.source.manifest(from.reference)).descriptor.digest, put.digest);
  await from.close();
});

test('- is what is handed in: an archive goes out and comes in again', async () => {
  const memory = createMemoryStore();
  const put = await putImage(memory, 'one', ['v1']);
  const output = new PassThrough();
  const chunks: Buffer[] = [];
  output.on('data', (chunk: Buffer) => chunks.push(chunk));
  const to = await target('-', { output });
  await copy(memory, 'v1', to.target, { tags: ['v1'] });
  assert.equal(chunks.length, 0);
  await to.commit();
  async function* input() {
    yield Buffer.concat(chunks);
  }
  const from = await source('oci-archive:-:v1', { input: input() });
  assert.equal((await from.source.resolve(from.reference))?.digest, put.digest);
  await from.close();
});

test('without a tag, the only image of a layout is meant, whatever is attached to it', async (context) => {
  const dir = await folder(context);
  const { target: store } = await target(`oci:${dir}`);
  const one = await putImage(store, 'one', []);
  assert.equal((await source(`oci:${dir}`)).reference, one.digest);
  await putImage(store, 'signature', [], one);
  assert.equal((await source(`oci:${dir}`)).reference, one.digest);
  await store.putManifest(await store.manifest(one), { tags: ['a', 'b'] });
  assert.equal((await source(`oci:${dir}`)).reference, one.digest, 'two names of one image');
});

test('without a tag, a layout of several images lists the tags to choose from', async (context) => {
  const dir = await folder(context);
  const { target: store } = await target(`oci:${dir}`);
  const one = await putImage(store, 'one', []);
  const two = await putImage(store, 'two', []);
  const unnamed = await rejection('NOT_FOUND', source(`oci:${dir}`));
  assert.ok(unnamed.hint?.includes(`oci:${dir}@${one.digest}, oci:${dir}@${two.digest}`), unnamed.hint);
  await store.putManifest(await store.manifest(one), { tags: ['one'] });
  await store.putManifest(await store.manifest(two), { tags: ['two'] });
  const error = await rejection('NOT_FOUND', source(`oci:${dir}`));
  assert.match(error.message, /holds several images$/);
  assert.equal(error.hint, `name one: oci:${dir}:one, oci:${dir}:two`);
  const place = await openPlace(parseLocator(`oci:${dir}`), { client });
  const tags: string[] = [];
  for await (const tag of place.source.tags()) tags.push(tag);
  assert.deepEqual(tags.sort(), ['one', 'two'], 'the place opens all the same');
});

test('what is not there is told when it is opened, and nothing is made', async (context) => {
  const dir = await folder(context);
  assert.match((await rejection('NOT_FOUND', source(`oci:${dir}/none:v1`))).message, /is not an image layout/);
  await assert.rejects(stat(join(dir, 'none')));
  await rejection('NOT_FOUND', source(`oci-archive:${dir}/none.tar`));
});

test('archives of docker save are not supported yet, which is said in one voice', async () => {
  const text = 'docker-archive:x.tar:app:1';
  const errors = [source(text), target(text), openPlace(parseLocator(text), { client })];
  for (const error of errors) await rejection('UNSUPPORTED', error);
});
