/** What docker_registry2 said of writing, between two registries that are served on sockets, as its own tests had them. */
import assert from 'node:assert/strict';
import { createReadStream } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { digestOf } from '../../src/bytes/hash.ts';
import { copy } from '../../src/graph/copy.ts';
import { deleteRepository } from '../../src/graph/delete-repository.ts';
import { validate } from '../../src/graph/validate.ts';
import { pullLayers, pushLayers } from '../../src/node/layers/layer-files.ts';
import { spoolToDisk } from '../../src/node/files/spool.ts';
import { nodeTransport } from '../../src/node/http/transport.ts';
import { createClient } from '../../src/registry/client.ts';
import type { Repository } from '../../src/registry/repository.ts';
import { contentFrom } from '../../src/store/content.ts';
import { type Built, buildImage, buildIndex, putBuilt } from '../../src/testing/fixtures.ts';
import { all } from '../../src/testing/samples.ts';
import { type BuiltSchema1, buildSchema1, putSchema1Blobs, servesSchema1 } from '../../src/testing/schema1.ts';
import { cli } from '../support/cli.ts';
import { rejection } from '../support/failure.ts';
import { scratch } from '../support/layouts.ts';
import { type LoggedRegistry, startLoggedRegistry } from '../support/logged-registry.ts';
import { oldImage } from '../support/schema1.ts';
import { testClock } from '../support/test-clock.ts';

let registry: LoggedRegistry;
let other: LoggedRegistry;
let image: Built;
let index: Built;
let old: BuiltSchema1;
let repository: Repository;
const client = createClient({ transport: nodeTransport({ proxy: false }), clock: testClock() });

before(async () => {
  old = await buildSchema1(oldImage);
  registry = await startLoggedRegistry({ wrap: servesSchema1({ ...old, name: 'myspace/repo' }) });
  other = await startLoggedRegistry();
  image = await buildImage({ layers: [{ files: { a: 'b'.repeat(5000) } }, { files: { c: 'd' } }] });
  const arm = await buildImage({ layers: [{ files: { e: 'f' } }], platform: { os: 'linux', architecture: 'arm64' } });
  index = buildIndex({ manifests: [image, arm] });
  const store = registry.registry.repository('myspace/repo');
  await putBuilt(store, image, { tags: ['1.2'] });
  await putBuilt(store, index, { tags: ['multi'] });
  await putSchema1Blobs(store, old);
  repository = client.repository(`${registry.host}/myspace/repo`);
});
after(async () => {
  await client.close();
  await Promise.all([registry.close(), other.close()]);
});

const elsewhere = (name: string): Repository => client.repository(`${other.host}/${name}`);

test('RUBY-70 RUBY-52 RUBY-53 RUBY-54 RUBY-59: images go from one registry to another, by way of a directory or straight', async (t) => {
  for (const [tag, built] of [
    ['1.2', image],
    ['multi', index],
  ] as const) {
    const directory = join(await scratch(t), 'files');
    const manifest = await repository.manifest(tag);
    await pullLayers(repository, manifest, directory, { config: true });
    const pushed = await pushLayers(manifest, directory, elsewhere('pushed/repo'), { tags: [tag] });
    const copied = await copy(repository, tag, elsewhere('other/image'), { tags: [`${tag}.copied`] });
    assert.deepEqual([pushed, copied], Array(2).fill(built.manifest.descriptor));
    for (const [name, reference] of [
      ['pushed/repo', tag],
      ['other/image', `${tag}.copied`],
    ] as const) {
      const kept = await elsewhere(name).manifest(reference);
      assert.deepEqual(Buffer.from(kept.bytes), Buffer.from(built.manifest.bytes));
      assert.deepEqual((await validate(elsewhere(name), reference)).problems, []);
    }
    const layer = image.blobs[1]?.descriptor.digest ?? '';
    await rm(join(directory, layer));
    other.requests();
    const error = await rejection('LAYER_MISSING', pushLayers(manifest, directory, elsewhere('missing/repo')));
    assert.deepEqual(error.digests, [layer]);
    assert.ok(other.requests().every((request) => request.startsWith('HEAD ')));
  }
});

test('RUBY-55 RUBY-56 RUBY-57 RUBY-60 RUBY-61: a tag is set and goes without a byte of a layer, and a repository goes whole', async () => {
  registry.requests();
  const neighbour = client.repository(`${registry.host}/others/image`);
  for (const [tag, built] of [
    ['1.2', image],
    ['multi', index],
  ] as const) {
    const here = await copy(repository, tag, repository, { tags: [`${tag}-latest`] });
    const there = await copy(repository, tag, neighbour, { tags: [`${tag}-10.5`] });
    assert.deepEqual([here, there], Array(2).fill(built.manifest.descriptor));
  }
  const ofBlobs = registry.log.filter(({ path }) => path.includes('/blobs/'));
  assert.ok(ofBlobs.length > 0);
  for (const { method, status, bytesIn, path } of ofBlobs) {
    assert.deepEqual([method, status, bytesIn], ['POST', 201, 0], path);
  }
  assert.equal(await repository.delete({ tag: '1.2-latest' }), 'deleted');
  assert.deepEqual(await all(repository.tags()), ['1.2', 'multi', 'multi-latest']);
  assert.equal((await repository.resolve('1.2'))?.digest, image.manifest.descriptor.digest);
  const { tags, left } = await deleteRepository(neighbour);
  assert.deepEqual([tags, left], [['1.2-10.5', 'multi-10.5'], []]);
  assert.equal(await neighbour.resolve('1.2-10.5'), undefined);
  assert.equal(await neighbour.resolve(image.manifest.descriptor.digest), undefined);
});

test('RUBY-58: an image of the retired version gets no tag, and the error says why', async () => {
  const before = await all(repository.tags());
  const neighbour = client.repository(`${registry.host}/others/old`);
  for (const target of [repository, neighbour, elsewhere('others/old')]) {
    const error = await rejection('VERSION_UNSUPPORTED', copy(repository, old.tag, target, { tags: ['new'] }));
    assert.match(error.message, /myspace\/repo.* is a schema 1 manifest/);
  }
  const { code, stdout, stderr } = await cli(['tag', `${registry.host}/myspace/repo:${old.tag}`, 'new']);
  assert.deepEqual([code, stdout], [7, '']);
  assert.match(stderr, /schema 1 manifest.*\(VERSION_UNSUPPORTED\)/);
  assert.deepEqual(await all(repository.tags()), before);
  assert.equal(await elsewhere('others/old').resolve('new'), undefined);
});

test('RUBY-64: a blob is uploaded from a string, from a file, and from a stream', async (t) => {
  const file = join(await scratch(t), 'blob');
  const text = 'Zoë and other characters of several bytes';
  await writeFile(file, text);
  const spooled = await spoolToDisk()(createReadStream(file));
  t.after(() => spooled.close());
  const fromText = contentFrom(new TextEncoder().encode(text));
  const digest = digestOf(Buffer.from(text));
  for (const [name, content] of Object.entries({ string: fromText, stream: spooled.content })) {
    assert.equal(await elsewhere(`blobs/${name}`).putBlob(content), 'written');
    assert.equal((await elsewhere(`blobs/${name}`).stat(digest))?.size, Buffer.byteLength(text));
  }
  assert.equal((await cli(['blob', 'push', `${other.host}/blobs/file`, file])).stdout, `${digest}\n`);
  assert.equal((await cli(['blob', 'get', `${other.host}/blobs/file@${digest}`])).stdout, text);
});
