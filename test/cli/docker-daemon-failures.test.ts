import assert from 'node:assert/strict';
import { chmod } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { World } from '../support/cli-world.ts';
import { type EngineWorld, engineFor, openEngineWorld } from '../support/engine-world.ts';
import type { FakeEngineOptions } from '../support/fake-engine.ts';
import { imageParts } from '../support/saved-archives.ts';

let own: EngineWorld;
let world: World;
const done: EngineWorld['done'] = (...line) => own.done(...line);
const refused: EngineWorld['refused'] = (...line) => own.refused(...line);

before(async () => {
  own = await openEngineWorld();
  world = own.world;
});
after(() => own.close());
beforeEach(() => {
  world.requests.length = 0;
});

/** Root may do everything: for a while, this process is somebody else. */
async function asNobody(work: () => Promise<void>): Promise<void> {
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(65_534);
  try {
    await work();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
}

/** An engine that answers one path otherwise. */
function answering(path: RegExp, answer: (response: ServerResponse) => void): FakeEngineOptions {
  return {
    answer(request, response) {
      if (!path.test(request.url ?? '')) return false;
      request.resume();
      request.once('end', () => answer(response));
      return true;
    },
  };
}

describe('CAP-J7: a docker engine that does not do as it is asked', () => {
  test('has no such image: 3', async (t) => {
    const engine = await engineFor(t);
    const says = /docker-daemon:nowhere:1 is not there: the docker engine at ENGINE has no such image \(NOT_FOUND\)/;
    await refused('digest docker-daemon:nowhere:1', 3, says, engine);
    await refused('tags docker-daemon:nowhere', 3, /answered 404 \("reference does not exist"\)/, engine);
  });

  test('is not there, or nobody listens any more: 6', async (t) => {
    const missing = `unix://${join(own.folder, 'none.sock')}`;
    await refused(
      `digest --docker-host ${missing} docker-daemon:a`,
      6,
      /no such socket \(UNREACHABLE\); hint: .*DOCKER_HOST/,
    );
    // Nothing is fetched for it.
    await refused(`copy --docker-host ${missing} REGISTRY/team/single:1 docker-daemon:a`, 6, /UNREACHABLE/);
    assert.deepEqual(world.requests, []);
    const closed = await engineFor(t, { port: true });
    await closed.close();
    closed.close = async () => {};
    await refused('digest docker-daemon:a', 6, /nobody listens there/, closed);
  });

  test('is not for this user: 4', async (t) => {
    const engine = await engineFor(t);
    engine.images.push(await imageParts(['one'], 'a:latest'));
    // All that has to be loaded is loaded now.
    await done('digest docker-daemon:a', engine, { here: true });
    await chmod(engine.path, 0);
    await asNobody(async () => {
      const { code, stderr } = await own.run('digest docker-daemon:a', engine, { here: true });
      assert.match(stderr, /is not for this user: EACCES \(DENIED\); hint: .*group/);
      assert.equal(code, 4);
    });
  });

  test('says so in the middle of a good answer', async (t) => {
    const words = 'write /layer.tar: no space left on device';
    const error = JSON.stringify({ errorDetail: { message: words }, error: words });
    const engine = await engineFor(
      t,
      answering(/load/, (response) => response.end(`{"stream":"…"}\r\n${error}\r\n`)),
    );
    await refused('copy REGISTRY/team/single:1 docker-daemon:a', 1, /did not load the images: .*\(DISK_FULL\)/, engine);
    const other = await engineFor(
      t,
      answering(/load/, (response) => response.end('{"error":"\\u001b[31mno"}')),
    );
    await refused('copy REGISTRY/team/single:1 docker-daemon:a', 1, /"\\u\{1b\}\[31mno" \(SERVER_ERROR\)/, other);
    const garbled = await engineFor(
      t,
      answering(/load/, (response) => response.end('{"stream":"Loa')),
    );
    await refused('copy REGISTRY/team/single:1 docker-daemon:a', 1, /not JSON: .*\(PROTOCOL\)/, garbled);
  });

  test('refuses, with its own words', async (t) => {
    const refuse = (status: number) =>
      answering(/load/, (response) => response.writeHead(status).end('{"message":"not today"}'));
    const says = /cannot load the images: the docker engine at ENGINE answered 500 \("not today"\) \(SERVER_ERROR\)/;
    await refused('copy REGISTRY/team/single:1 docker-daemon:a', 1, says, await engineFor(t, refuse(500)));
    await refused('copy REGISTRY/team/single:1 docker-daemon:a', 4, /\(DENIED\)/, await engineFor(t, refuse(403)));
  });

  test('ends an archive early', async (t) => {
    const cut = (end: (response: ServerResponse) => void): FakeEngineOptions =>
      answering(/get$/, (response) => {
        response.writeHead(200, { 'content-type': 'application/x-tar' });
        response.write(new Uint8Array(700), () => end(response));
      });
    for (const [end, code, says] of [
      [(response: ServerResponse) => response.destroy(), 6, /closed the connection early, after 700 bytes/],
      [(response: ServerResponse) => response.end(), 1, /LAYOUT_INVALID/],
    ] as const) {
      const engine = await engineFor(t, cut(end));
      engine.images.push(await imageParts(['one'], 'app:1'));
      await refused('copy docker-daemon:app:1 REGISTRY/cut:1', code, says, engine);
    }
    assert.ok(world.requests.every(({ method }) => method !== 'PUT'));
  });

  test('is something else', async (t) => {
    const server = createServer((_, response) => response.end('hello')).listen(0, '127.0.0.1');
    t.after(() => server.close());
    await new Promise((resolve) => {
      server.once('listening', resolve);
    });
    const { port } = server.address() as { port: number };
    await refused(
      `digest --docker-host tcp://127.0.0.1:${port} docker-daemon:a`,
      1,
      /is not a docker engine \(PROTOCOL\)/,
    );
  });
});
