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

/** What is not there is refused here, as what is private. */
const hiding = new Set(['docker.io']);
/** Refuses a first ping without a challenge, so that nobody can know what it wants. */
const silent = new Set(['quay']);
/** Does not say what it is that is not there. */
const vague = new Set(['red-hat']);
const wantsBasic = new Set(['basic', 'ecr', 'nexus']);

type Line = (world: VendorWorld) => Promise<void>;

const matrix: Readonly<Record<string, Line>> = {
  'ping is 200, or 401 with a challenge': async (world) => {
    await using talk = world.talk();
    const { name, host, credential } = world.vendor;
    if (silent.has(name)) await rejection('UNAUTHORIZED', talk.client.ping(host));
    else {
      const { authRequired, challenges, apiVersion } = await talk.client.ping(host);
      const schemes = challenges.map(({ scheme }) => scheme);
      assert.match(apiVersion ?? '', /^registry\/2\.0/);
      assert.equal(authRequired, credential !== undefined);
      assert.deepEqual(schemes, credential === undefined ? [] : [wantsBasic.has(name) ? 'basic' : 'bearer']);
    }
    assert.match(world.lines()[0] ?? '', credential === undefined ? /^GET \S*\/v2\/ 200$/ : /^GET \S*\/v2\/ 401$/);
  },

  'the tags have the name of their repository, and are listed': async (world) => {
    await using talk = world.talk();
    assert.deepEqual((await collect(talk.repository.tags())).sort(), ['multi', 'v1', 'v2']);
    const page = await talk.repository.tagPage({ pageSize: 100 });
    assert.equal(page.name, 'team/app');
    assert.ok(page.tags.includes('v1'));
  },

  'a manifest is the same by tag and by digest': async (world) => {
    await using talk = world.talk();
    const { bytes, descriptor } = world.image.manifest;
    assert.deepEqual((await talk.repository.resolve('v1'))?.digest, descriptor.digest);
    for (const reference of ['v1', descriptor.digest]) {
      const manifest = await talk.repository.manifest(reference);
      assert.deepEqual(manifest.bytes, bytes);
      assert.equal(manifest.descriptor.digest, descriptor.digest);
    }
  },

  'an index leads to the image of a platform': async (world) => {
    await using talk = world.talk();
    assert.deepEqual((await talk.repository.manifest('multi')).bytes, world.index.manifest.bytes);
    const platform = { os: 'linux', architecture: 'arm64' };
    assert.deepEqual((await select(talk.repository, 'multi', { platform })).bytes, world.arm.manifest.bytes);
  },

  'an unknown tag is not found': async (world) => {
    await using talk = world.talk();
    assert.equal(await talk.repository.resolve('v9'), undefined);
    await rejection('NOT_FOUND', talk.repository.manifest('v9'));
    assert.ok(await talk.repository.resolve('v1'));
  },

  'an unknown repository is not found, or refused': async (world) => {
    await using talk = world.talk();
    const { host, name } = world.vendor;
    const other = talk.client.repository(`${host}/team/none`);
    await rejection(hiding.has(name) ? 'DENIED' : 'NOT_FOUND', other.manifest('v1'));
    if (!hiding.has(name)) assert.equal(await other.resolve('v1'), undefined);
  },

  'the head of a blob tells size and digest, after redirects': async (world) => {
    await using talk = world.talk();
    for (const { descriptor } of world.image.blobs) {
      const head = await talk.repository.headBlob(descriptor.digest);
      assert.deepEqual([head?.descriptor.digest, head?.descriptor.size], [descriptor.digest, descriptor.size]);
    }
    const moved = world.lines().filter((line) => / 30[27]$/.test(line));
    assert.equal(moved.length, world.vendor.requests.elsewhere.length);
  },

  'an unknown blob is not there': async (world) => {
    await using talk = world.talk();
    assert.equal(await talk.repository.stat(unknown.digest), undefined);
    const error = await rejection('NOT_FOUND', readAll(talk.repository.blob(unknown).open(), 100, 'a blob'));
    assert.equal(error.missing, vague.has(world.vendor.name) ? undefined : 'blob');
    assert.ok(await talk.repository.stat(world.image.blobs[0]?.descriptor.digest ?? unknown.digest));
  },

  'a blob comes as it is': async (world) => {
    await using talk = world.talk();
    for (const { descriptor } of world.image.blobs) {
      const bytes = await readAll(talk.repository.blob(descriptor).open(), 100_000, 'a blob');
      assert.equal(digestOf(bytes), descriptor.digest);
      assert.equal(bytes.length, descriptor.size);
    }
  },

  'what is no digest is asked of nobody': async (world) => {
    await using talk = world.talk();
    await rejection('DIGEST_INVALID', talk.repository.stat('cafebabe' as Digest));
    assert.throws(() => talk.repository.blob({ ...unknown, digest: 'cafebabe' as Digest }), /cafebabe/);
    assert.deepEqual(world.lines(), []);
  },

  'an image is pushed, and read again': async (world) => {
    await using talk = world.talk();
    const image = await buildImage({ layers: [{ files: { name: world.vendor.name } }] });
    await putBuilt(talk.repository, image, { tags: ['pushed'] });
    const store = world.vendor.registry.repository('team/app');
    assert.equal((await store.resolve('pushed'))?.digest, image.manifest.descriptor.digest);
    assert.deepEqual((await talk.repository.manifest('pushed')).bytes, image.manifest.bytes);
    await store.delete({ tag: 'pushed' });
  },

  'a blob of another repository is mounted, or sent': async (world) => {
    await using talk = world.talk();
    const { host, name, registry } = world.vendor;
    const content = contentFrom(new TextEncoder().encode(`a blob for ${name}`));
    await registry.repository('team/base').putBlob(content);
    const source = talk.client.repository(`${host}/team/base`).blob(content.descriptor);
    assert.match(await talk.repository.putBlob(source), /^(?:mounted|written)$/);
    assert.ok(await registry.repository('team/app').stat(content.descriptor.digest));
  },

  'nobody but the registry sees its cookies, headers and credentials': async (world) => {
    await using talk = world.talk();
    for (const { descriptor } of world.image.blobs) {
      await talk.repository.stat(descriptor.digest);
      await readAll(talk.repository.blob(descriptor).open(), 100_000, 'a blob');
    }
    await putBuilt(talk.repository, await buildImage({ layers: [new Uint8Array(100)] }), { tags: ['pushed'] });
    await talk.repository.manifest('v1');
    const { registry, elsewhere } = world.vendor.requests;
    assert.ok(registry.every(({ headers }) => headers.cookie === CANARY && headers['x-team'] === CANARY));
    for (const { headers } of elsewhere) {
      assert.deepEqual([headers.authorization, headers.cookie, headers['x-team']], [undefined, undefined, undefined]);
    }
    await world.vendor.registry.repository('team/app').delete({ tag: 'pushed' });
  },

  'a token is fetched once for each scope': async (world) => {
    await using talk = world.talk();
    await Promise.all(['v1', 'v2', 'multi'].map((tag) => talk.repository.manifest(tag)));
    await collect(talk.repository.tags());
    for (const { descriptor } of world.image.blobs) await talk.repository.stat(descriptor.digest);
    await putBuilt(talk.repository, world.image, { tags: ['v1'] });
    await talk.repository.manifest('v1');
    const scopes = world.vendor.requests.tokens.map(({ path }) => path);
    assert.deepEqual(scopes, [...new Set(scopes)]);
    assert.ok(scopes.length <= 2, 'one to read, one to write');
  },

  'wrong credentials are UNAUTHORIZED, and none where some are needed': async (world) => {
    if (world.vendor.credential === undefined) return assert.equal(world.vendor.wrongCredential, undefined);
    for (const who of ['wrong', 'anonymous'] as const) {
      await using talk = world.talk(who);
      await rejection('UNAUTHORIZED', talk.repository.manifest('v1'));
      await rejection('UNAUTHORIZED', talk.repository.resolve('v1'));
      await rejection('UNAUTHORIZED', collect(talk.repository.tags()));
      await rejection('UNAUTHORIZED', talk.repository.putBlob(contentFrom(new Uint8Array(1))));
      assert.ok(world.vendor.requests.registry.every(({ status }) => status >= 400));
    }
  },
};

for (const { name } of vendors) {
  describe(name, () => {
    let world: VendorWorld;
    before(async () => {
      world = await startVendorWorld(name);
    });
    after(() => world.vendor.close());
    for (const [line, shows] of Object.entries(matrix)) test(`${name}: ${line}`, () => shows(world));
  });
}
