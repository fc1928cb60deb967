/** The protocol is read, and nothing is ever written by it: whatever is asked of a client, its requests only read. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { readAll } from '../../src/bytes/read.ts';
import { collect } from '../../src/graph/collect.ts';
import type { V1Client } from '../../src/v1/client.ts';
import { cli } from '../support/cli.ts';
import { TOP } from '../support/v1-images.ts';
import { ALICE } from '../support/v1-index.ts';
import { startV1World, type V1World } from '../support/v1-server.ts';

let world: V1World;
before(async () => {
  world = await startV1World();
});
after(() => world[Symbol.asyncDispose]());

const verbs: Readonly<Record<Exclude<keyof V1Client, 'close'>, (client: V1Client, name: string) => Promise<unknown>>> =
  {
    ping: (client) => client.ping(world.host),
    search: (client) => collect(client.search(world.host, 'team/')),
    login: (client) => client.login(world.host, ALICE),
    images: (client, name) => client.images(name),
    tags: (client, name) => client.tags(name),
    imageId: (client, name) => client.imageId(name, 'latest'),
    ancestry: (client, name) => client.ancestry(name, TOP.id),
    json: (client, name) => client.json(name, TOP.id),
    layer: async (client, name) => readAll((await client.layer(name, TOP.id)).bytes, 1e6, 'the layer'),
  };

test('CONN-12: every verb of the v1 client reads, by GET, and there is no other', async () => {
  const client = world.client();
  assert.deepEqual(Object.keys(client).sort(), ['close', ...Object.keys(verbs)].sort());
  for (const [verb, run] of Object.entries(verbs)) {
    world.lines();
    await run(client, `${world.host}/team/app`);
    const lines = world.lines();
    assert.ok(lines.length > 0 && lines.every((line) => /^\w+ GET /.test(line)), `${verb}: ${lines.join(', ')}`);
  }
  await client.close();
});

test('CONN-12: the commands below v1 read, too', async () => {
  const name = `${world.host}/team/app`;
  world.lines();
  for (const words of [
    ['ping', world.host],
    ['search', world.host, 'team/'],
    ['images', name],
    ['tags', name],
    ['json', name],
  ]) {
    const { code, stderr } = await cli(['v1', ...words]);
    assert.equal(code, 0, stderr);
  }
  assert.ok(world.lines().every((line) => /^\w+ GET /.test(line)));
  const { code, stderr } = await cli(['v1', 'push', name]);
  assert.equal(code, 2, stderr);
});
