/** Layers with URLs of their own (CVE-2020-15157): who is asked for them, with what, and what is believed of the answer. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { readAll } from '../../src/bytes/read.ts';
import { fixedCredentials } from '../../src/http/credentials.ts';
import { DOCKER_FOREIGN_LAYER } from '../../src/model/media-types.ts';
import { createServer } from '../../src/server/app.ts';
import { basicAccess } from '../../src/server/basic-access.ts';
import type { Handler } from '../../src/server/handler.ts';
import { contentFrom } from '../../src/store/content.ts';
import { createMemoryRegistry } from '../../src/store/memory.ts';
import type { IngestRegistry } from '../../src/store/types.ts';
import { seededBytes } from '../../src/testing/fixtures.ts';
import { blob, imageManifest } from '../../src/testing/samples.ts';
import { canary } from '../support/planted-secrets.ts';
import { assertStranger, assertTold, hostileNetwork, type Network, type Place } from '../support/hostile-network.ts';
import { refused } from '../support/refused.ts';
import { withoutTls } from '../support/tls.ts';

const skip = withoutTls;
const access = basicAccess({ check: (user, password) => user === 'me' && password === canary.password });
const bytes = seededBytes(20_000, 'foreign');
const file = (digest: string): readonly string[] => ['blobs', ...digest.split(':')];

interface World {
  readonly network: Network;
  readonly reg: Place;
  readonly registry: IngestRegistry;
  readonly digest: string;
  /** Reads the layer by the library. */
  readonly read: (foreignLayers: boolean) => Promise<Uint8Array>;
  /** Pulls the image by the command, into `pulled0` and so on. */
  readonly pull: (...flags: readonly string[]) => ReturnType<Network['cli']>;
  /** Pulls its layers as plain files. */
  readonly pullLayers: () => ReturnType<Network['cli']>;
}

/** A registry with an image of one layer, which stands at these URLs; the registry has not got it. */
async function world(network: Network, urls: readonly string[]): Promise<World> {
  const registry = createMemoryRegistry();
  const layer = contentFrom(bytes, DOCKER_FOREIGN_LAYER);
  const foreign = { ...layer, descriptor: { ...layer.descriptor, urls } };
  const config = blob('{"os":"windows","architecture":"amd64","rootfs":{"type":"layers","diff_ids":[]}}');
  const repository = registry.repository('team/app');
  await repository.putBlob(config);
  await repository.putManifest(imageManifest(config, foreign), { tags: ['1'] });
  const reg = await network.open('reg.test', createServer({ registry, access }));
  const headers = { 'x-api-key': canary.header, cookie: canary.cookie };
  const credentials = fixedCredentials({ [reg.host]: { username: 'me', password: canary.password } });
  const own = ['--host', `${reg.host},header=X-Api-Key:${canary.header}`, '--creds', `me:${canary.password}`];
  const pulling = (...words: readonly string[]): ReturnType<Network['cli']> =>
    network.cli(['pull', `${reg.host}/team/app:1`, ...words, ...own], { certified: true });
  let pulls = 0;
  return {
    network,
    reg,
    registry,
    digest: layer.descriptor.digest,
    read(foreignLayers) {
      const hosts = { [reg.host]: { headers } };
      const client = network.client({ credentials, hosts, foreignLayers, certified: reg.host });
      return readAll(client.repository(`${reg.host}/team/app`).blob(foreign.descriptor).open(), 1e6, 'the layer');
    },
    pull: (...flags) => pulling(join(network.folder, `pulled${pulls++}`), ...flags),
    pullLayers: () => pulling('--layers', join(network.folder, 'layers')),
  };
}

const serving =
  (content: Uint8Array): Handler =>
  () =>
    Promise.resolve(new Response(Uint8Array.from(content)));

test('G09: a layer that the registry has is read from it, and its URLs from nobody', { skip }, async (t) => {
  const network = await hostileNetwork(t);
  const evil = await network.open('evil.test', serving(bytes));
  const { read, pull, pullLayers, registry, digest } = await world(network, [`${evil.url}/layer`]);
  await registry.repository('team/app').putBlob(contentFrom(bytes));
  assert.deepEqual(Buffer.from(await read(true)), Buffer.from(bytes));
  assert.deepEqual(Buffer.from(await read(false)), Buffer.from(bytes));
  for (const { code, stderr } of [await pull('--foreign-layers'), await pullLayers()]) assert.equal(code, 0, stderr);
  assert.deepEqual(await readFile(join(network.folder, 'pulled0', ...file(digest))), Buffer.from(bytes));
  assert.deepEqual(evil.requests, []);
  assert.ok(!network.attempts().includes(`127.0.0.1:${evil.port}`));
});

test('G09: a layer that the registry has not got is fetched from nobody unless that was allowed', {
  skip,
}, async (t) => {
  const network = await hostileNetwork(t);
  const evil = await network.open('evil.test', serving(bytes));
  const { read, pull, pullLayers, digest } = await world(network, [`${evil.url}/layer`]);
  const error = await refused(read(false), 'FOREIGN_LAYER', /reg\.test/);
  assert.deepEqual([error.digests, error.hint?.includes('--foreign-layers')], [[digest], true]);
  const { code, stderr } = await pull();
  assert.deepEqual([code, /layer .* kept elsewhere/.test(stderr)], [0, true], 'a layout leaves it where it is');
  assertTold(await pullLayers(), 1, new RegExp(`reg\\.test.*${digest}.*\\(FOREIGN_LAYER\\)`), /--foreign-layers/);
  assert.deepEqual(evil.requests, []);
  assert.ok(!network.attempts().includes(`127.0.0.1:${evil.port}`));
});

test('G09: an allowed layer is fetched by a stranger, and verified', { skip }, async (t) => {
  const network = await hostileNetwork(t);
  let content = bytes;
  const evil = await network.open('evil.test', (request, info) => serving(content)(request, info));
  const { read, pull, digest, reg } = await world(network, [`${evil.url}/layer`]);
  assert.deepEqual(Buffer.from(await read(true)), Buffer.from(bytes));
  const known = reg.requests.filter(({ headers }) => headers.authorization !== undefined);
  assert.ok(known.some(({ headers, certificate }) => headers['x-api-key'] === canary.header && certificate));
  const { code, stderr } = await pull('--foreign-layers');
  assert.equal(code, 0, stderr);
  assert.deepEqual(await readFile(join(network.folder, 'pulled0', ...file(digest))), Buffer.from(bytes));
  assert.equal(evil.requests.length, 2);

  content = seededBytes(bytes.length, 'something else');
  await refused(read(true), 'DIGEST_MISMATCH');
  assertTold(await pull('--foreign-layers'), 5, new RegExp(`${digest}.*\\(DIGEST_MISMATCH\\)`));
  await assert.rejects(readFile(join(network.folder, 'pulled1', ...file(digest))));
  for (const request of evil.requests) assertStranger(request);
});

for (const challenge of ['Basic realm="r"', 'Bearer realm="EVIL/token",service="s"', 'Bearer realm="REG/token"']) {
  test(`G09: a host that asks for ${challenge} is told nothing`, { skip }, async (t) => {
    const network = await hostileNetwork(t);
    let value = '';
    const evil = await network.open('evil.test', () =>
      Promise.resolve(new Response(null, { status: 401, headers: { 'www-authenticate': value } })),
    );
    const { read, pull, reg } = await world(network, [`${evil.url}/layer`]);
    value = challenge.replace('EVIL', evil.url).replace('REG', reg.url);
    const error = await read(true).catch((thrown: unknown) => thrown);
    assert.ok(['UNAUTHORIZED', 'NOT_FOUND'].includes((error as { code: string }).code), String(error));
    const { code, stderr } = await pull('--foreign-layers');
    assert.ok(code === 3 || code === 4, stderr);
    for (const request of evil.requests) assertStranger(request);
    assert.deepEqual(new Set(evil.lines()), new Set(['GET /layer']));
    assert.ok(reg.requests.every(({ path }) => !path.startsWith('/token')));
  });
}

test('G09: an allowed layer is not fetched from where the clouds keep their secrets', { skip }, async (t) => {
  const network = await hostileNetwork(t);
  const meta = await network.open('meta.test', serving(bytes));
  for (const url of ['https://169.254.169.254/latest', `https://[::ffff:a9fe:a9fe]/`, `${meta.url}/layer`]) {
    const { read, pull, reg } = await world(network, [url]);
    await refused(read(true), 'REDIRECT_REFUSED', /reg\.test/);
    assertTold(await pull('--foreign-layers'), 1, /reg\.test.*\(REDIRECT_REFUSED\)/, /hint: /);
    assert.deepEqual(new Set(network.attempts()), new Set([`127.0.0.1:${reg.port}`]));
  }
  assert.deepEqual(meta.requests, []);
});

test('G09: nor is it by way of somebody else, who sends on to there', { skip }, async (t) => {
  const network = await hostileNetwork(t);
  const meta = await network.open('meta.test', serving(bytes));
  let location = '';
  const evil = await network.open('evil.test', async () => new Response(null, { status: 302, headers: { location } }));
  const { read, pull, reg } = await world(network, [`${evil.url}/layer`]);
  for (location of ['https://169.254.169.254/latest', `https://[::ffff:a9fe:a9fe]/`, `${meta.url}/layer`]) {
    await refused(read(true), 'REDIRECT_REFUSED', /\.test/);
    assertTold(await pull('--foreign-layers'), 1, /\.test.*\(REDIRECT_REFUSED\)/, /hint: /);
    assert.deepEqual(new Set(network.attempts()), new Set([reg, evil].map(({ port }) => `127.0.0.1:${port}`)));
    for (const request of evil.requests) assertStranger(request);
    assert.equal(evil.lines().length, 2);
  }
  assert.deepEqual(meta.requests, []);
});
