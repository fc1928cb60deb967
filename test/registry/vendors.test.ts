/** One and the same behaviour over the registries of all vendors: how they differ is theirs, and the client's to know. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { digestOf } from '../../src/bytes/hash.ts';
import { readAll } from '../../src/bytes/read.ts';
import { collect } from '../../src/graph/collect.ts';
import { select } from '../../src/graph/select.ts';
import type { Digest } from '../../src/model/digest.ts';
import { contentFrom } from '../../src/store/content.ts';
import { buildImage, putBuilt } from '../../src/testing/fixtures.ts';
import { vendors } from '../../src/testing/vendors.ts';
import { rejection } from '../support/failure.ts';
import { CANARY, startVendorWorld, type VendorWorld } from '../support/vendor-world.ts';

/** A blob that nobody has. */
const unknown = contentFrom(new TextEncoder().encode('nobody has this')).descriptor;

/** These hide what is not there from everybody. */
const hiding = new Set(['docker.io']);
/** This one refuses a first ping without a challenge, so that nobody can know what it wants. */
const silent = new Set(['quay']);
/** And this one says no more than that. */
const vague = new Set(['red-hat']);
const schemes: Readonly<Record<string, string>> = { basic: 'basic', ecr: 'basic', nexus: 'basic' };

for (const { name } of vendors) describe(name, () => matrix(name));

function matrix(name: string): void {
  let world: VendorWorld;
  before(async () => {
    world = await startVendorWorld(name);
  });
  after(() => world.vendor.close());

  test(`${name}: ping is 200, or 401 with a challenge`, async () => {
    await using talk = world.talk();
    const isOpen = world.vendor.credential === undefined;
    if (silent.has(name)) await rejection('UNAUTHORIZED', talk.client.ping(world.vendor.host));
    else {
      const { authRequired, challenges, apiVersion } = await talk.client.ping(world.vendor.host);
      assert.match(apiVersion ?? '', /^registry\/2\.0/);
      assert.equal(authRequired, !isOpen);
      assert.deepEqual(
        challenges.map(({ scheme }) => scheme),
        isOpen ? [] : [schemes[name] ?? 'bearer'],
      );
    }
    assert.match(world.lines()[0] ?? '', isOpen ? /^GET \S*\/v2\/ 200$/ : /^GET \S*\/v2\/ 401$/);
  });

  test(`${name}: the tags have the repository's name, and are listed`, async () => {
    await using talk = world.talk();
    assert.deepEqual((await collect(talk.repository.tags())).sort(), ['multi', 'v1', 'v2']);
    const page = await talk.repository.tagPage({ pageSize: 100 });
    assert.equal(page.name, 'team/app');
    assert.ok(page.tags.includes('v1'));
  });

  test(`${name}: a manifest is the same by tag and by digest`, async () => {
    await using talk = world.talk();
    const { bytes, descriptor } = world.image.manifest;
    assert.deepEqual((await talk.repository.resolve('v1'))?.digest, descriptor.digest);
    for (const reference of ['v1', descriptor.digest]) {
      const manifest = await talk.repository.manifest(reference);
      assert.deepEqual(manifest.bytes, bytes);
      assert.equal(manifest.descriptor.digest, descriptor.digest);
    }
  });

  test(`${name}: an index leads to the image of a platform`, async () => {
    await using talk = world.talk();
    assert.deepEqual((await talk.repository.manifest('multi')).bytes, world.index.manifest.bytes);
    const platform = { os: 'linux', architecture: 'arm64' };
    assert.deepEqual((await select(talk.repository, 'multi', { platform })).bytes, world.arm.manifest.bytes);
  });

  test(`${name}: an unknown tag is not found, nor is an unknown repository`, async () => {
    await using talk = world.talk();
    assert.equal(await talk.repository.resolve('v9'), undefined);
    await rejection('NOT_FOUND', talk.repository.manifest('v9'));
    const other = talk.client.repository(`${world.vendor.host}/team/none`);
    await rejection(hiding.has(name) ? 'DENIED' : 'NOT_FOUND', other.manifest('v1'));
    if (!hiding.has(name)) assert.equal(await other.resolve('v1'), undefined);
  });

  test(`${name}: the head of a blob tells size and digest, after redirects`, async () => {
    await using talk = world.talk();
    for (const { descriptor } of world.image.blobs) {
      const head = await talk.repository.headBlob(descriptor.digest);
      assert.deepEqual([head?.descriptor.digest, head?.descriptor.size], [descriptor.digest, descriptor.size]);
    }
    const isMoved = (line: string): boolean => / 30[27]$/.test(line);
    assert.equal(world.lines().filter(isMoved).length, world.vendor.requests.elsewhere.length);
  });

  test(`${name}: an unknown blob is not there`, async () => {
    await using talk = world.talk();
    assert.equal(await talk.repository.stat(unknown.digest), undefined);
    const error = await rejection('NOT_FOUND', readAll(talk.repository.blob(unknown).open(), 100, 'a blob'));
    assert.equal(error.missing, vague.has(name) ? undefined : 'blob');
    assert.ok(await talk.repository.stat(world.image.blobs[0]?.descriptor.digest ?? unknown.digest));
  });

  test(`${name}: a blob comes as it is`, async () => {
    await using talk = world.talk();
    for (const { descriptor } of world.image.blobs) {
      const bytes = await readAll(talk.repository.blob(descriptor).open(), 100_000, 'a blob');
      assert.equal(digestOf(bytes), descriptor.digest);
      assert.equal(bytes.length, descriptor.size);
    }
  });

  test(`${name}: what is no digest is asked of nobody`, async () => {
    await using talk = world.talk();
    await rejection('DIGEST_INVALID', talk.repository.stat('cafebabe' as Digest));
    assert.throws(() => talk.repository.blob({ ...unknown, digest: 'cafebabe' as Digest }), /cafebabe/);
    assert.deepEqual(world.lines(), []);
  });

  test(`${name}: an image is pushed, and read again`, async () => {
    await using talk = world.talk();
    const image = await buildImage({ layers: [{ files: { name } }] });
    await putBuilt(talk.repository, image, { tags: ['pushed'] });
    const store = world.vendor.registry.repository('team/app');
    assert.equal((await store.resolve('pushed'))?.digest, image.manifest.descriptor.digest);
    assert.deepEqual((await talk.repository.manifest('pushed')).bytes, image.manifest.bytes);
    await store.delete({ tag: 'pushed' });
  });

  test(`${name}: nobody but the registry sees its cookies, headers and credentials`, async () => {
    await using talk = world.talk();
    for (const { descriptor } of world.image.blobs) {
      await talk.repository.stat(descriptor.digest);
      await readAll(talk.repository.blob(descriptor).open(), 100_000, 'a blob');
    }
    await putBuilt(talk.repository, world.image, { tags: ['v1'] });
    await talk.repository.manifest('v1');
    const { registry, elsewhere } = world.vendor.requests;
    assert.ok(registry.every(({ headers }) => headers.cookie === CANARY && headers['x-team'] === CANARY));
    for (const { headers } of elsewhere) {
      assert.deepEqual([headers.authorization, headers.cookie, headers['x-team']], [undefined, undefined, undefined]);
    }
  });

  test(`${name}: a token is fetched once for each scope`, async () => {
    await using talk = world.talk();
    await Promise.all(['v1', 'v2', 'multi'].map((tag) => talk.repository.manifest(tag)));
    await collect(talk.repository.tags());
    for (const { descriptor } of world.image.blobs) await talk.repository.stat(descriptor.digest);
    await putBuilt(talk.repository, world.image, { tags: ['v1'] });
    await talk.repository.manifest('v1');
    const scopes = world.vendor.requests.tokens.map(({ path }) => path);
    assert.deepEqual(scopes, [...new Set(scopes)]);
    assert.ok(scopes.length <= 2, 'one to read, one to write');
  });

  test(`${name}: wrong credentials are UNAUTHORIZED, and none where some are needed`, async () => {
    if (world.vendor.credential === undefined) return assert.equal(world.vendor.wrongCredential, undefined);
    for (const who of ['wrong', 'anonymous'] as const) {
      await using talk = world.talk(who);
      await rejection('UNAUTHORIZED', talk.repository.manifest('v1'));
      await rejection('UNAUTHORIZED', talk.repository.resolve('v1'));
      await rejection('UNAUTHORIZED', collect(talk.repository.tags()));
      await rejection('UNAUTHORIZED', talk.repository.putBlob(contentFrom(new Uint8Array(1))));
      assert.ok(world.vendor.requests.registry.every(({ status }) => status >= 400));
    }
  });
}
