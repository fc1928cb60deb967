/** Large blobs go through threads of the built command, whose own file has to be found beside the others, in an executable, too. */
import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, test, type TestContext } from 'node:test';
import { readAll } from '../../src/bytes/read.ts';
import { type Built, putArtifact, seededBytes } from '../../src/testing/fixtures.ts';
import { openWorld, type World } from '../support/cli-world.ts';
import { succeed } from '../support/command.ts';
import { scratch } from '../support/layouts.ts';

const large = seededBytes(5 * 1024 * 1024 + 77, 'large');
const small = seededBytes(1000, 'small');
let world: World;
let image: Built;

before(async () => {
  world = await openWorld();
  const blobs = [{ bytes: large }, { bytes: small }];
  image = await putArtifact(world.registry.repository('team/large'), {
    artifactType: 'application/x-large',
    blobs,
    tags: ['1'],
  });
});
after(() => world.close());

/** One at a time, this thread needs one connection to each server: what comes over others was sent by another thread. */
const ONE = ['--concurrency', '1'];

function fromThreads(t: TestContext): string[] {
  const sent: string[] = [];
  const first = new Map<number | undefined, object>();
  const listen = (message: unknown): void => {
    const { method, url, socket } = (message as { readonly request: IncomingMessage }).request;
    const { localPort } = socket;
    if (!first.has(localPort)) first.set(localPort, socket);
    if (first.get(localPort) !== socket) sent.push(`${method} ${url?.replace(/\/uploads\/.*$/, '/uploads/…')}`);
  };
  subscribe('http.server.request.start', listen);
  t.after(() => unsubscribe('http.server.request.start', listen));
  return sent;
}

function largeDigest(): string {
  return image.blobs.find(({ descriptor }) => descriptor.size === large.length)?.descriptor.digest ?? '';
}

async function kept(repository: string): Promise<Uint8Array> {
  const digest = largeDigest() as `${string}:${string}`;
  const content = world.registry.repository(repository).blob({ mediaType: '', digest, size: large.length });
  return readAll(content.open(), large.length, digest);
}

describe('a large blob goes through a thread, and a small one does not', () => {
  test('of a pull', async (t) => {
    const sent = fromThreads(t);
    const directory = await scratch(t);
    await succeed(['pull', `${world.host}/team/large:1`, directory, ...ONE]);
    assert.deepEqual(sent, [`GET /v2/team/large/blobs/${largeDigest()}`]);
    const file = await readFile(join(directory, 'blobs', ...largeDigest().split(':')));
    assert.ok(file.equals(large));
  });

  test('of a push', async (t) => {
    const directory = await scratch(t);
    await succeed(['pull', `${world.host}/team/large:1`, directory]);
    const sent = fromThreads(t);
    await succeed(['push', `${directory}:1`, `${world.host}/team/pushed:1`, ...ONE]);
    assert.deepEqual(sent, ['PUT /v2/team/pushed/blobs/uploads/…']);
    assert.deepEqual(await kept('team/pushed'), new Uint8Array(large));
  });

  test('of a copy to another registry', async (t) => {
    const other = await openWorld();
    try {
      const sent = fromThreads(t);
      await succeed(['copy', `${world.host}/team/large:1`, `${other.host}/team/copied:1`, ...ONE]);
      assert.deepEqual(sent.toSorted(), [
        `GET /v2/team/large/blobs/${largeDigest()}`,
        'PUT /v2/team/copied/blobs/uploads/…',
      ]);
      assert.equal(await succeed(['digest', `${other.host}/team/copied:1`]), `${image.descriptor.digest}\n`);
    } finally {
      await other.close();
    }
  });
});
