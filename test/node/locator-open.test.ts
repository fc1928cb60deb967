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
import { formatLocator, parseLocator } from '../../src/node/locator.ts';
import { contentFrom, manifestFromDocument } from '../../src/store/content.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import type { Target } from '../../src/store/types.ts';
import { buildImage, putBuilt } from '../../src/testing/fixtures.ts';
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

test('CAP-A7 CAP-J3: an archive of docker save is written and read by its locator', async (context) => {
  const file = join(await folder(context), 'x.tar');
  const text = `docker-archive:${file}`;
  const built = await buildImage({ layers: [{ files: { a: 'a' } }] });
  const to = await target(`${text}:app:1`);
  assert.deepEqual(to.tags, ['app:1']);
  assert.equal(to.at(built.descriptor.digest), `${text}:app:1`, 'no digest that it could be found by');
  await putBuilt(to.target, built, { tags: to.tags });
  await to.commit();
  for (const [name, tags] of [
    [`${text}:ghcr.io/o/app`, ['ghcr.io/o/app:latest']],
    [text, []],
  ] as const) {
    const other = await target(name);
    assert.deepEqual(other.tags, tags);
    await other.abort();
  }
  const references = { [text]: 'app:1', [`${text}:app:1`]: 'app:1', [`${text}:docker.io/library/app:1`]: 'app:1' };
  for (const [name, reference] of Object.entries({ ...references, [`${text}:@0`]: '@0' })) {
    const from = await source(name);
    assert.deepEqual([from.reference, from.describe], [reference, formatLocator(parseLocator(name))]);
    assert.equal(
      (await from.source.manifest(from.reference)).links[0]?.descriptor.digest,
      built.blobs[0]?.descriptor.digest,
    );
    await from.close();
  }
  await rejection('USAGE', target(`${text}:@0`));
});

test('CAP-J5: without a name, an archive of several images lists the names to choose from', async (context) => {
  const file = join(await folder(context), 'x.tar');
  const text = `docker-archive:${file}`;
  const to = await target(text);
  for (const [content, tags] of [
    ['a', ['app:1', 'ghcr.io/o/app:2']],
    ['b', []],
  ] as const) {
    await putBuilt(to.target, await buildImage({ layers: [{ files: { content } }] }), { tags });
  }
  await to.commit();
  const several = await rejection('NOT_FOUND', source(text));
  assert.match(several.message, /holds several images$/);
  assert.equal(several.hint, `name one: ${text}:app:1, ${text}:ghcr.io/o/app:2, ${text}:@1`);
  const other = await rejection('NOT_FOUND', source(`${text}:app`));
  assert.match(other.message, /has no app:latest$/);
  assert.equal(other.hint, `it has ${text}:app:1, ${text}:ghcr.io/o/app:2, ${text}:@1`);
  await rejection('NOT_FOUND', source(`${text}:@2`));
  const place = await openPlace(parseLocator(text), { client });
  assert.equal((await place.source.manifest('@1')).links.length, 2);
  await place.close();
  const empty = await target(text);
  await empty.commit();
  assert.match((await rejection('NOT_FOUND', source(text))).message, /holds no image$/);
});
