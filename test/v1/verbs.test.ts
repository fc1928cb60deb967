import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { readAll } from '../../src/bytes/read.ts';
import { collect } from '../../src/graph/collect.ts';
import type { V1Client } from '../../src/v1/client.ts';
import { rejection } from '../support/failure.ts';
import { BASE, CHAIN, MIDDLE, TAGS, TOP } from '../support/v1-images.ts';
import { ALICE, INACTIVE } from '../support/v1-index.ts';
import { startV1World, type V1World } from '../support/v1-server.ts';

let world: V1World;
let client: V1Client;
let app: string;

before(async () => {
  world = await startV1World();
});
after(() => world[Symbol.asyncDispose]());
beforeEach(() => {
  client = world.client();
  app = `${world.host}/team/app`;
  world.lines();
});

const session = 'index GET /v1/repositories/team/app/images';

test('NODE-55: ping tells of the index, its version, and whether it stands alone', async () => {
  const { response, ...told } = await client.ping(world.host);
  assert.deepEqual(told, { registry: world.host, origin: world.index.url, standalone: false, version: '0.6.0' });
  assert.equal(response.status, 200);
  assert.deepEqual(world.lines(), ['index GET /v1/_ping']);
});

test('NODE-56: search gives what the index finds, page after page', async () => {
  const found = await collect(client.search(world.host, 'many/'));
  assert.equal(found.length, 230);
  assert.deepEqual(found[229], { name: 'many/app229', description: 'the many/app229 image' });
  const page = (at: number): string => `index GET /v1/search?q=many%2F&page=${at}&n=100`;
  assert.deepEqual(world.lines(), [page(1), page(2), page(3)]);
  assert.deepEqual(await collect(client.search(world.host, 'nothing&page=9')), []);
  assert.deepEqual(world.lines(), ['index GET /v1/search?q=nothing%26page%3D9&page=1&n=100']);
});

test('NODE-57: images lists what the index knows of a repository', async () => {
  const images = CHAIN.map(({ id, checksumPayload }) => ({ id, checksum: checksumPayload.slice(7) }));
  assert.deepEqual(await client.images(app), images);
  assert.deepEqual(world.lines(), [session]);
  assert.equal(world.index.requests.at(-1)?.headers['x-docker-token'], 'true');
});

test('NODE-58: tags leads from each tag to an image, by the endpoint that the index names', async () => {
  assert.deepEqual(await client.tags(app), TAGS);
  assert.deepEqual(world.lines(), [session, 'registry GET /v1/repositories/team/app/tags']);
  assert.deepEqual(await client.tags(`${world.host}/app:7`), TAGS);
  assert.deepEqual(world.lines(), [
    'index GET /v1/repositories/app/images',
    'registry GET /v1/repositories/library/app/tags',
  ]);
});

test('NODE-59: imageId is that of the tag, and an unknown tag is not found', async () => {
  assert.equal(await client.imageId(app, '0.1.1'), MIDDLE.id);
  assert.deepEqual(world.lines(), [session, 'registry GET /v1/repositories/team/app/tags/0.1.1']);
  const error = await rejection('NOT_FOUND', client.imageId(app, '7'));
  assert.match(error.message, /the image of \S+\/team\/app:7: \S+ answered 404 \("?Tag not found/);
  assert.equal(error.status, 404);
});

test('NODE-60: ancestry lists an image and its parents, itself first', async () => {
  assert.deepEqual(await client.ancestry(app, TOP.id), [TOP.id, MIDDLE.id, BASE.id]);
  assert.deepEqual(await client.ancestry(app, BASE.id), [BASE.id]);
  assert.deepEqual(world.lines(), [
    session,
    `registry GET /v1/images/${TOP.id}/ancestry`,
    `registry GET /v1/images/${BASE.id}/ancestry`,
  ]);
  await rejection('NOT_FOUND', client.ancestry(app, 'd'.repeat(64)));
});

test('NODE-61: json is the description of an image, byte for byte, with what the headers tell of its layer', async () => {
  const { document, bytes, size, checksum, checksumPayload, response } = await client.json(app, MIDDLE.id);
  assert.equal(new TextDecoder().decode(bytes), MIDDLE.json);
  assert.deepEqual(document, { id: MIDDLE.id, parent: BASE.id, created: '2014-05-06T07:08:09Z', os: 'linux' });
  assert.deepEqual([size, checksum, checksumPayload], [70_000, undefined, MIDDLE.checksumPayload]);
  assert.equal(response.headers['x-docker-registry-version'], '0.6.0');
  assert.deepEqual(world.lines(), [session, `registry GET /v1/images/${MIDDLE.id}/json`]);
});

test('NODE-62: layer streams the bytes of an image, from wherever the registry keeps them', async () => {
  const layer = await client.layer(app, TOP.id);
  assert.deepEqual([layer.id, layer.size, layer.verified], [TOP.id, TOP.layer.length, false]);
  assert.deepEqual(Buffer.from(await readAll(layer.bytes, 1e6, 'the layer')), Buffer.from(TOP.layer));
  assert.deepEqual(world.lines(), [
    session,
    `registry GET /v1/images/${TOP.id}/layer`,
    `storage GET /layers/${TOP.id}?Signature=CANARY-presigned`,
  ]);
});

test('NODE-64: login proves a user name and password, and never makes an account', async () => {
  await client.login(world.host, ALICE);
  const wrong = await rejection('UNAUTHORIZED', client.login(world.host, { ...ALICE, password: 'CANARY-wrong' }));
  assert.match(wrong.hint ?? '', /check the user name/);
  const inactive = await rejection('DENIED', client.login(world.host, INACTIVE));
  assert.match(inactive.message, /answered 403 \("?.*Account is not Active/);
  assert.match(inactive.hint ?? '', /not active/);
  assert.deepEqual(world.lines(), Array<string>(3).fill('index GET /v1/users/'));
  assert.doesNotMatch(JSON.stringify([wrong, inactive]) + wrong.message + inactive.message, /CANARY|Q0FOQVJ/);
  await rejection('USAGE', client.login(world.host, { username: 'a:b', password: 'c' }));
  await rejection('USAGE', client.login(world.host, { username: '', password: 'c' }));
  assert.deepEqual(world.lines(), []);
});
