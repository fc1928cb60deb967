import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { after, before, beforeEach, describe, test } from 'node:test';
import { readAll } from '../../src/bytes/read.ts';
import type { V1Client } from '../../src/v1/client.ts';
import { rejection } from '../support/failure.ts';
import { script } from '../support/scripted-transport.ts';
import { TOP, type V1TestImage } from '../support/v1-images.ts';
import { sendWhole } from '../support/v1-registry.ts';
import { indexed, v1Script } from '../support/v1-script.ts';
import { startV1World, type V1World } from '../support/v1-server.ts';

let world: V1World;
let client: V1Client;
let app: string;

before(async () => {
  world = await startV1World();
  world.registry.state.storage = undefined;
});
after(() => world[Symbol.asyncDispose]());
beforeEach(() => {
  client = world.client();
  app = `${world.host}/team/app`;
  world.registry.state.sendLayer = sendWhole;
});

const head = (response: ServerResponse, length: number): ServerResponse =>
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': String(length) });

describe('a layer', () => {
  test('that is cut short is an error before its end', async () => {
    world.registry.state.sendLayer = (response, { layer }: V1TestImage) => {
      head(response, layer.length).write(layer.subarray(0, 1000), () => response.destroy());
    };
    const { bytes, size } = await client.layer(app, TOP.id);
    assert.equal(size, TOP.layer.length);
    const error = await rejection('SIZE_MISMATCH', readAll(bytes, 1e6, 'the layer'));
    assert.match(error.message, /the layer of image c{64} in \S+ has the wrong size: \d+ of 300000 bytes/);
  });

  test('whose length nobody tells comes all the same, and is an error when the connection breaks', async () => {
    world.registry.state.sendLayer = (response, { layer }) => {
      response.writeHead(200, { 'transfer-encoding': 'chunked' }).write(layer);
      response.end();
    };
    const chunked = await client.layer(app, TOP.id);
    assert.equal(chunked.size, undefined);
    assert.equal((await readAll(chunked.bytes, 1e6, 'the layer')).length, TOP.layer.length);
    world.registry.state.sendLayer = (response, { layer }) => {
      response.writeHead(200, { 'transfer-encoding': 'chunked' }).write(layer, () => response.destroy());
    };
    await rejection('UNREACHABLE', readAll((await client.layer(app, TOP.id)).bytes, 1e6, 'the layer'));
  });

  test('that nobody wants is let go of', async () => {
    const one = await client.layer(app, TOP.id);
    await one.cancel();
    for await (const chunk of (await client.layer(app, TOP.id)).bytes) {
      assert.ok(chunk.length > 0);
      break;
    }
    assert.deepEqual(await client.ancestry(app, TOP.id).then((ids) => ids.length), 3);
  });

  test('ends with its signal', async () => {
    world.registry.state.sendLayer = (response, { layer }) =>
      void head(response, layer.length).write(layer.subarray(0, 9));
    const ends = new AbortController();
    const { bytes } = await client.layer(app, TOP.id, { signal: ends.signal });
    const read = readAll(bytes, 1e6, 'the layer');
    ends.abort();
    await rejection('ABORTED', read);
  });

  test('that is not there is not found', async () => {
    await rejection('NOT_FOUND', client.layer(app, 'd'.repeat(64)));
  });

  test('is taken out of an encoding that it says it has', async () => {
    const { gzipSync } = await import('node:zlib');
    world.registry.state.sendLayer = (response, { layer }) => {
      const bytes = gzipSync(layer);
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': String(bytes.length) }).end(bytes);
    };
    const { bytes, size } = await client.layer(app, TOP.id);
    assert.equal(size, undefined);
    assert.equal((await readAll(bytes, 1e6, 'the layer')).length, TOP.layer.length);
  });
});

test('more or fewer bytes than were told are an error over any transport', async () => {
  const layer = `https://reg.test/v1/images/${TOP.id}/layer`;
  for (const [length, told, hint] of [
    ['3', 'more than 3', undefined],
    ['7', '5 of 7', 'it was cut short on the way: ask for it again'],
  ] as const) {
    const { client } = v1Script({
      'https://reg.test/v1/repositories/a/b/images': indexed('reg.test'),
      [layer]: { headers: { 'content-length': length }, body: 'bytes' },
    });
    const { bytes } = await client.layer('reg.test/a/b', TOP.id);
    const error = await rejection('SIZE_MISMATCH', readAll(bytes, 100, 'the layer'));
    assert.match(error.message, new RegExp(`wrong size: ${told} bytes`));
    assert.equal(error.hint, hint);
  }
});

describe('the checksum that a registry tells itself', () => {
  test('is compared on request', async () => {
    const layer = await client.layer(app, TOP.id, { verify: true });
    assert.equal(layer.verified, true);
    assert.equal((await readAll(layer.bytes, 1e6, 'the layer')).length, TOP.layer.length);
  });

  test('withholds the end of other bytes', async () => {
    world.registry.state.sendLayer = (response, { layer }) => {
      head(response, layer.length).end(Buffer.concat([layer.subarray(1), Buffer.from('x')]));
    };
    let read = 0;
    const consume = async (): Promise<void> => {
      for await (const chunk of (await client.layer(app, TOP.id, { verify: true })).bytes) read += chunk.length;
    };
    const error = await rejection('DIGEST_MISMATCH', consume());
    assert.deepEqual(error.digests, [TOP.checksumPayload]);
    assert.ok(read < TOP.layer.length);
    world.registry.state.sendLayer = (response, { layer }) =>
      void head(response, layer.length).end(Buffer.alloc(layer.length));
    assert.equal((await readAll((await client.layer(app, TOP.id)).bytes, 1e6, 'the layer')).length, TOP.layer.length);
  });

  test('that is not told leaves nothing to compare with', async () => {
    const wire = script(({ url }) =>
      url.endsWith('/images')
        ? indexed('reg.test')
        : { headers: { 'x-docker-checksum-payload': 'tarsum+sha256:1' }, body: TOP.json },
    );
    const { createV1Client } = await import('../../src/v1/client.ts');
    const other = createV1Client({ transport: wire.send });
    await rejection('UNSUPPORTED', other.layer('reg.test/a/b', TOP.id, { verify: true }));
    assert.equal(wire.requests.length, 2);
  });
});
