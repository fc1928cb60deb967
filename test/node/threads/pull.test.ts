/** Large blobs from a registry into a layout, received and written by a thread. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { copy } from '../../../src/graph/copy.ts';
import type { Activity } from '../../../src/model/call.ts';
import { directoryStore } from '../../../src/node/directory/directory.ts';
import { buildArtifact, putBuilt } from '../../../src/testing/fixtures.ts';
import { rejection } from '../../support/failure.ts';
import { startOrigin } from '../../support/http-origin.ts';
import {
  blobReads,
  type LargeBlob,
  largeBlob,
  MIB,
  type PullWorld,
  pullWorld,
  requestsHere,
  sendBlob,
} from '../../support/large-blobs.ts';
import { filesBelow, scratch } from '../../support/layouts.ts';
import { canary } from '../../support/planted-secrets.ts';
import { servedRegistry } from '../../support/served-registry.ts';

const [first, second] = [largeBlob('first'), largeBlob('second', 6 * MIB)];
const patience = { timeout: 60_000 };

async function assertPulled(world: Omit<PullWorld, 'origin' | 'gets'>, ...blobs: readonly LargeBlob[]): Promise<void> {
  for (const blob of blobs) assert.ok((await world.kept(blob))?.equals(blob.bytes), 'other bytes than the blob has');
  assert.deepEqual(world.here, [], 'this thread has sent requests, too');
}

test(
  'a copy of a large blob tells how far it is, and no request for it is sent by this thread',
  patience,
  async (t) => {
    const made = await servedRegistry();
    t.after(made.close);
    const built = buildArtifact({ artifactType: 'a/b', blobs: [{ bytes: first.bytes }] });
    await putBuilt(made.registry.repository('team/app'), built, { tags: ['v1'] });
    const here = requestsHere(t);
    const store = directoryStore(join(await scratch(t), 'layout'));
    const told: number[] = [];
    const on = (activity: Activity): void => {
      if (activity.type === 'progress' && activity.descriptor.size === first.bytes.length) told.push(activity.bytes);
    };
    await copy(made.repository, 'v1', store, { on });
    const chunks: Uint8Array[] = [];
    for await (const chunk of store.blob(first.descriptor).open()) chunks.push(chunk);
    assert.ok(Buffer.concat(chunks).equals(first.bytes));
    assert.equal(here.filter((line) => line.includes(first.descriptor.digest)).length, 0);
    assert.ok(here.length > 0, 'the manifest is read here');
    assert.equal(told.at(-1), first.bytes.length);
    assert.deepEqual(
      told,
      [...told].sort((a, b) => a - b),
    );
  },
);

test('a second blob comes over the connection that the first one left', patience, async (t) => {
  const world = await pullWorld(t, (request, response) => sendBlob(request, response, byPath(request.url)));
  assert.equal(await world.pull(first), 'written');
  assert.equal(await world.pull(second), 'written');
  await assertPulled(world, first, second);
  assert.deepEqual(
    world.gets().map(({ connection }) => connection),
    [1, 1],
  );
});

test('two blobs at once come over two connections', patience, async (t) => {
  const waiting: (() => void)[] = [];
  const world = await pullWorld(t, (request, response) => {
    waiting.push(() => sendBlob(request, response, byPath(request.url)));
    if (waiting.length === 2) for (const send of waiting) send();
  });
  await Promise.all([world.pull(first), world.pull(second)]);
  await assertPulled(world, first, second);
  assert.deepEqual(new Set(world.gets().map(({ connection }) => connection)).size, 2);
});

test('a kept connection that the server has given up is no error, and no lost attempt', patience, async (t) => {
  const activities: string[] = [];
  let count = 0;
  const world = await pullWorld(t, (request, response) => {
    if (++count === 2) request.socket.destroy();
    else sendBlob(request, response, byPath(request.url));
  });
  await world.pull(first);
  const on = ({ type }: Activity): void => void activities.push(type);
  assert.equal(await world.store.putBlob(world.repository.blob(second.descriptor), { on }), 'written');
  await assertPulled(world, first, second);
  assert.deepEqual(
    world.gets().map(({ connection }) => connection),
    [1, 1, 2],
  );
  assert.ok(!activities.includes('retry'), activities.join());
});

for (const [what, end] of [
  ['says that it closes', { connection: 'close' }],
  ['closes without a word', {}],
] as const) {
  test(`a server that ${what} after each answer is asked anew`, patience, async (t) => {
    const world = await pullWorld(t, (request, response) => {
      const bytes = byPath(request.url);
      response.writeHead(200, { 'content-length': bytes.length, ...end });
      response.end(bytes, () => request.socket.end());
    });
    await world.pull(first);
    await world.pull(second);
    await assertPulled(world, first, second);
    assert.equal(world.gets().length, 2);
  });
}

test('a token is asked for, and stays with the registry when it sends on to another origin', patience, async (t) => {
  const cdn = await startOrigin((request, response) => sendBlob(request, response, first.bytes));
  t.after(() => cdn[Symbol.asyncDispose]());
  const world = await pullWorld(t, (request, response) => {
    const realm = `http://${request.headers.host}/token`;
    const challenge = `Bearer realm="${realm}",service="reg",scope="repository:team/app:pull"`;
    if (request.url?.startsWith('/token') === true) response.end(JSON.stringify({ token: canary.issued }));
    else if (request.headers.authorization === undefined)
      response.writeHead(401, { 'www-authenticate': challenge }).end('{}');
    else response.writeHead(307, { location: `${cdn.url}/there${request.url}?signed=1` }).end();
  });
  assert.equal(await world.pull(first), 'written');
  assert.ok((await world.kept(first))?.equals(first.bytes));
  assert.deepEqual(
    world.gets().map(({ headers }) => headers.authorization),
    [undefined, `Bearer ${canary.issued}`],
  );
  const [sentOn, ...more] = blobReads(cdn);
  assert.equal(more.length, 0);
  assert.match(sentOn?.path ?? '', /^\/there\/v2\/team\/app\/blobs\/sha256:[0-9a-f]{64}\?signed=1$/);
  assert.equal(sentOn?.headers.authorization, undefined);
  assert.equal(sentOn?.headers.host, `127.0.0.1:${cdn.port}`);
  assert.deepEqual(
    world.here.map((line) => line.slice(0, 10)),
    ['GET /token'],
  );
});

for (const [status, code] of [
  [404, 'NOT_FOUND'],
  [500, 'SERVER_ERROR'],
] as const) {
  for (const [what, body] of [
    ['with a short body', JSON.stringify({ errors: [{ code: 'SAID', message: 'it said so' }] })],
    ['with a body without end', undefined],
    ['without a body', ''],
  ] as const) {
    for (const how of ['whose length is known', 'in chunks'] as const) {
      if (body === undefined && how === 'whose length is known') continue;
      test(`${status} ${what} ${how} is that error, and the next blob comes`, patience, async (t) => {
        const world = await pullWorld(t, (request, response) => {
          if (!(request.url ?? '').endsWith(first.descriptor.digest)) return sendBlob(request, response, second.bytes);
          response.writeHead(
            status,
            how === 'in chunks' || body === undefined ? {} : { 'content-length': body.length },
          );
          response.write(body ?? 'x'.repeat(300_000));
          if (body !== undefined) response.end();
        });
        const error = await rejection(code, world.pull(first));
        assert.equal(error.status, status);
        if (body !== undefined && body !== '') assert.match(error.message, /it said so/);
        assert.deepEqual(await filesBelow(world.directory), ['index.json', 'oci-layout']);
        await world.pull(second);
        await assertPulled(world, second);
      });
    }
  }
}

function byPath(path: string = ''): Buffer {
  return path.endsWith(first.descriptor.digest) ? first.bytes : second.bytes;
}
