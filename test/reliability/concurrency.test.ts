/**
 * Several processes of the command at one layout: each pulls an image of its own that shares a layer with all the others, while others
 * collect garbage. All of them end well, every image is whole, and index.json can be read at every moment. `LADING_WHOLE=1` starts 32,
 * else a few. Tags of 32 processes: test/node/directory-processes.test.ts, G35.
 */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { buildImage, putBuilt, seededBytes } from '../../src/testing/fixtures.ts';
import { command, succeed } from '../support/command.ts';
import { indexOf, rootsOf, scratch } from '../support/layouts.ts';
import { writePlainLayout } from '../support/plain-layout.ts';
import { type ProxiedRegistry, startProxiedRegistry } from '../support/proxied-registry.ts';
import { isWhole } from '../support/seeded.ts';

const COUNT = isWhole ? 32 : 6;
const SHARED_BYTES = 2 << 20;
const tags = Array.from({ length: COUNT }, (_, at) => `t${at}`);

let server: ProxiedRegistry;
before(async () => {
  server = await startProxiedRegistry();
  const shared = seededBytes(SHARED_BYTES, 'shared');
  for (const tag of tags) {
    const image = await buildImage({ layers: [shared, { files: { own: tag } }] });
    await putBuilt(server.repository('app'), image, { tags: [tag] });
  }
});
after(() => server?.stop());

/** Reads the index again and again. @returns what ends that, with how often it was read */
function watch(directory: string): () => Promise<number> {
  const over = new AbortController();
  const reading = (async () => {
    let reads = 0;
    for (; !over.signal.aborted; reads++) await indexOf(directory);
    return reads;
  })();
  return async () => {
    over.abort();
    return reading;
  };
}

test('G35: processes that pull into one layout all end well, and fetch what they share once', {
  timeout: 300_000,
}, async (t) => {
  const directory = join(await scratch(t), 'app');
  await writePlainLayout(await buildImage({ layers: [{ files: { a: 'first' } }] }), directory);
  const end = watch(directory);
  server.served();
  const results = await Promise.all(tags.map((tag) => command(['pull', `${server.host}/app:${tag}`, directory])));
  for (const { code, stderr } of results) assert.equal(code, 0, stderr);
  assert.ok((await end()) > 0);
  assert.deepEqual((await rootsOf(directory)).map((root) => root.replace(/ .*/, '')).sort(), ['1', ...tags].sort());
  for (const tag of tags) assert.match(await succeed(['validate', `oci:${directory}:${tag}`]), /: valid /);
  assert.deepEqual((await readdir(directory)).sort(), ['blobs', 'index.json', 'oci-layout']);
  const served = server.served();
  assert.ok(served < 2 * SHARED_BYTES, `${served} bytes`);
});

test('G35: garbage is collected meanwhile, and nothing that is named goes', { timeout: 300_000 }, async (t) => {
  const directory = join(await scratch(t), 'app');
  await writePlainLayout(await buildImage({ layers: [{ files: { a: 'first' } }] }), directory);
  const end = watch(directory);
  const pulls = tags.map((tag) => ['pull', `${server.host}/app:${tag}`, directory]);
  const collections = tags.slice(0, COUNT / 2).map(() => ['gc', directory]);
  const results = await Promise.all([...pulls, ...collections].map((args) => command(args)));
  await end();
  // A blob that nothing names yet may be taken: then its manifest is refused, and the image is pulled once more.
  const failed = results.flatMap(({ code, stderr }, at) => (code === 0 ? [] : [{ args: pulls[at] ?? [], stderr }]));
  for (const { args, stderr } of failed) {
    assert.match(stderr, /MANIFEST_BLOB_UNKNOWN|NOT_FOUND/);
    await succeed(args);
  }
  for (const root of await rootsOf(directory)) {
    assert.match(await succeed(['validate', `oci:${directory}:${root.split(' ')[0]}`]), /: valid /);
  }
  assert.equal((await rootsOf(directory)).length, COUNT + 1);
});
