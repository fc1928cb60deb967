import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { directoryStore } from '../../src/node/directory/directory.ts';
import { all, blob, putImage, rejects } from '../../src/testing/samples.ts';
import { indexOf, scratch } from '../support/layouts.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const entry = { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest, size: 2 };
const garbage: Record<string, string> = {
  'an empty file': '',
  'a cut file': '{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.im',
  noise: '\u0000\u0001\u0002',
  'another document': '[]',
  'no list': '{"schemaVersion":2}',
  'another version': '{"schemaVersion":1,"manifests":[]}',
  'two lists': '{"schemaVersion":2,"manifests":[],"manifests":[]}',
  'an entry without a digest': '{"schemaVersion":2,"manifests":[{"mediaType":"a/b","size":1}]}',
  'a digest that climbs': JSON.stringify({ schemaVersion: 2, manifests: [{ ...entry, digest: 'sha256:../../x' }] }),
  'a size that is none': JSON.stringify({ schemaVersion: 2, manifests: [{ ...entry, size: -1 }] }),
  'a name that is no text': JSON.stringify({ schemaVersion: 2, manifests: [{ ...entry, annotations: { a: 1 } }] }),
};

for (const [title, text] of Object.entries(garbage)) {
  test(`index.json that is ${title} fails every command and is never replaced`, async (t) => {
    const directory = await scratch(t);
    const store = directoryStore(directory);
    await store.putBlob(blob('some bytes'));
    const file = join(directory, 'index.json');
    await writeFile(file, text);
    await rejects(store.resolve('v1'), 'LAYOUT_INVALID');
    await rejects(all(store.tags()), 'LAYOUT_INVALID');
    await rejects(all(store.referrers(blob('x').descriptor)), 'LAYOUT_INVALID');
    await rejects(putImage(store, 'one', ['v1']), 'LAYOUT_INVALID');
    await rejects(store.delete({ tag: 'v1' }), 'LAYOUT_INVALID');
    assert.equal(await readFile(file, 'utf8'), text);
  });
}

test('index.json that may not be read fails every command, and is not replaced', async (t) => {
  const directory = await scratch(t);
  const store = directoryStore(directory);
  await putImage(store, 'one', ['v1']);
  const before = await indexOf(directory);
  execFileSync('chmod', ['-R', 'a+rwX', directory]);
  await chmod(join(directory, 'index.json'), 0);
  const isRoot = process.getuid?.() === 0;
  if (isRoot) process.seteuid?.(65_534);
  try {
    await rejects(store.resolve('v1'), 'IO');
    await rejects(putImage(store, 'two', ['v2']), 'IO');
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
  await chmod(join(directory, 'index.json'), 0o644);
  assert.deepEqual(await indexOf(directory), before);
});

test('a layout of another version is refused, one without its marker is read, and gets it when it is written to', async (t) => {
  const directory = await scratch(t);
  const store = directoryStore(directory);
  await putImage(store, 'one', ['v1']);
  const marker = join(directory, 'oci-layout');
  await writeFile(marker, '{"imageLayoutVersion":"2.0.0"}');
  await rejects(store.resolve('v1'), 'LAYOUT_INVALID');
  await rm(marker);
  assert.ok(await store.resolve('v1'));
  await putImage(store, 'two', ['v2']);
  assert.equal(await readFile(marker, 'utf8'), '{"imageLayoutVersion":"1.0.0"}');
});

test('where there is no layout nothing resolves, listing is NOT_FOUND, and reading leaves no trace', async (t) => {
  const directory = join(await scratch(t), 'nothing');
  const store = directoryStore(directory);
  assert.equal(await store.resolve('v1'), undefined);
  assert.equal(await store.resolve(digest), undefined);
  assert.equal(await store.delete({ tag: 'v1' }), 'absent');
  assert.equal(await store.resumeIngest(crypto.randomUUID()), undefined);
  await rejects(all(store.tags()), 'NOT_FOUND');
  await rejects(store.manifest('v1'), 'NOT_FOUND');
  await assert.rejects(readFile(join(directory, 'index.json')), { code: 'ENOENT' });
  await mkdir(directory);
  await rejects(all(store.tags()), 'NOT_FOUND');
});

test('what other tools wrote into index.json stays as and where it was', async (t) => {
  const directory = await scratch(t);
  const store = directoryStore(directory);
  const { manifest } = await putImage(store, 'one', []);
  const foreign = {
    schemaVersion: 2,
    'org.example.field': { b: 1, a: [2] },
    manifests: [
      { mediaType: 'application/xml', digest, size: 2, annotations: { 'org.example': 'kept' }, unknown: true },
      {
        size: manifest.descriptor.size,
        digest: manifest.descriptor.digest,
        mediaType: manifest.descriptor.mediaType,
        platform: { architecture: 'amd64', os: 'linux', variant: 'v3' },
        annotations: { z: '1', 'org.opencontainers.image.ref.name': 'theirs' },
      },
    ],
    annotations: { 'org.example.index': 'kept' },
  };
  await writeFile(join(directory, 'index.json'), JSON.stringify(foreign));
  await store.putManifest(manifest, { tags: ['theirs', 'ours'] });
  const { manifests, ...rest } = await indexOf(directory);
  const { manifests: theirs, ...before } = foreign;
  assert.deepEqual(manifests.slice(0, 2), theirs);
  assert.equal(JSON.stringify(rest), JSON.stringify(before));
  assert.equal(manifests.length, 3);
});
