/** Large blobs that are sent over connections that a registry has kept open for a while, and then no longer. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Activity } from '../../../src/model/call.ts';
import type { Send } from '../../../src/http/types.ts';
import { directoryStore } from '../../../src/node/directory/directory.ts';
import { contentFrom } from '../../../src/store/content.ts';
import { largeBlob, type LargeBlob, MIB, nodeClient, requestsHere } from '../../support/large-blobs.ts';
import { scratch } from '../../support/layouts.ts';
import { until } from '../../support/until.ts';
import { type OnPut, startUploads, type UploadOrigin } from '../../support/upload-origin.ts';

const first = largeBlob('over a new connection');
const second = largeBlob('over the same', 6 * MIB);
const patience = { timeout: 60_000 };
const takes: OnPut = (_, __, take) => take();

interface World extends UploadOrigin {
  /** `retry PUT 200`: what was sent again, and after how many milliseconds. */
  readonly again: string[];
  /** What this thread has sent. */
  readonly here: string[];
  push(blob: LargeBlob): Promise<unknown>;
  /** The requests of a method, by their connections. */
  connections(method: string): number[];
}

/** @param by who sends the blobs: a middleware wants to see them pass by */
async function world(
  t: TestContext,
  by: 'thread' | 'us',
  onPut: readonly OnPut[],
  onPost?: readonly OnPut[],
): Promise<World> {
  const uploads = await startUploads(t, onPut, undefined, onPost);
  const store = directoryStore(join(await scratch(t, 'stale'), 'layout'));
  const client = by === 'us' ? { middleware: [(next: Send): Send => next] } : {};
  const repository = nodeClient(t, { client }).repository(`${uploads.host}/team/app`);
  const again: string[] = [];
  const on = (activity: Activity): void => {
    if (activity.type === 'retry') again.push(`${activity.method} ${activity.delayMs}`);
  };
  return {
    ...uploads,
    again,
    here: requestsHere(t),
    async push({ bytes, descriptor }) {
      await store.putBlob(contentFrom(bytes));
      return repository.putBlob(store.blob(descriptor), { on });
    },
    connections: (method) =>
      uploads.origin.requests.filter((request) => request.method === method).map(({ connection }) => connection),
  };
}

function assertPushed({ blobs, here }: World, by: 'thread' | 'us', ...wanted: readonly LargeBlob[]): void {
  for (const { bytes, descriptor } of wanted)
    assert.ok(blobs.get(descriptor.digest)?.equals(bytes), 'other bytes than the blob has');
  assert.equal(
    here.some((line) => line.startsWith('PUT')),
    by === 'us',
  );
}

for (const by of ['thread', 'us'] as const) {
  const who = by === 'thread' ? 'a thread' : 'this thread';
  for (const [how, end] of [
    ['closed', (request) => void request.socket.destroy()],
    ['reset', (request) => void request.socket.resetAndDestroy()],
  ] as const satisfies readonly (readonly [string, OnPut])[]) {
    test(
      `PUT by ${who}, ${how} as it comes: sent again once, all of it, in a session of its own`,
      patience,
      async (t) => {
        const made = await world(t, by, [takes, end]);
        assert.equal(await made.push(first), 'written');
        assert.equal(await made.push(second), 'written');
        assertPushed(made, by, first, second);
        const [kept, stale, fresh, ...more] = made.connections('PUT');
        assert.deepEqual([stale === kept, fresh === kept, more], [true, false, []]);
        assert.deepEqual(
          made.puts.map(({ isWhole }) => isWhole),
          [true, false, true],
        );
        assert.equal(made.puts[2]?.received, second.bytes.length);
        assert.deepEqual([made.count('POST'), made.again], [3, ['PUT 200']]);
      },
    );
  }

  test(
    `PUT by ${who} over what was closed before: a new connection, and nothing is sent twice`,
    patience,
    async (t) => {
      const closing: (() => void)[] = [];
      const remembers: OnPut = (request, _, take) => {
        closing.push(() => request.socket.end());
        take();
      };
      const made = await world(t, by, [remembers]);
      await made.push(first);
      for (const close of closing) close();
      await until(() => made.puts[0]?.isClosed === true, 'both ends have closed it');
      assert.equal(await made.push(second), 'written');
      assertPushed(made, by, first, second);
      const [before, after, ...more] = made.connections('PUT');
      assert.deepEqual([before !== after, more, made.again, made.count('POST')], [true, [], [], 2]);
    },
  );
}

test('POST, closed as it comes: sent again once, and at once', patience, async (t) => {
  const made = await world(t, 'thread', [], [takes, (request) => void request.socket.destroy()]);
  await made.push(first);
  assert.equal(await made.push(second), 'written');
  assertPushed(made, 'thread', first, second);
  const [kept, stale, fresh, ...more] = made.connections('POST');
  assert.deepEqual([stale === kept, fresh === kept, more], [true, false, []]);
  assert.deepEqual([made.puts.length, made.again], [2, []]);
});
