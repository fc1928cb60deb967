/** Large blobs of a layout into a registry, read, verified and sent by a thread. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Activity } from '../../../src/model/call.ts';
import { contentFrom } from '../../../src/store/content.ts';
import { directoryStore } from '../../../src/node/directory/directory.ts';
import type { Repository } from '../../../src/registry/repository.ts';
import type { Content } from '../../../src/store/types.ts';
import { rejection } from '../../support/failure.ts';
import {
  type LargeBlob,
  largeBlob,
  MIB,
  nodeClient,
  type NodeClientOptions,
  pullWorld,
  requestsHere,
  sendPart,
  watchedPour,
} from '../../support/large-blobs.ts';
import { scratch } from '../../support/layouts.ts';
import { until } from '../../support/until.ts';
import { answer, type OnPut, readSome, startUploads, type UploadOrigin } from '../../support/upload-origin.ts';

const blob = largeBlob('pushed');
const second = largeBlob('pushed, too', 6 * MIB);
/** More than a connection can hold that nobody reads. */
const vast = largeBlob('vast', 24 * MIB);
const patience = { timeout: 60_000 };

interface World extends UploadOrigin {
  readonly repository: Repository;
  readonly here: string[];
  readonly directory: string;
  content(blob: LargeBlob): Promise<Content>;
}

async function world(t: TestContext, onPut: readonly OnPut[] = [], options: NodeClientOptions = {}): Promise<World> {
  const uploads = await startUploads(t, onPut);
  const directory = join(await scratch(t, 'push'), 'layout');
  const store = directoryStore(directory);
  const content = async ({ bytes, descriptor }: LargeBlob): Promise<Content> => {
    await store.putBlob(contentFrom(bytes));
    return store.blob(descriptor);
  };
  const repository = nodeClient(t, options).repository(`${uploads.host}/team/app`);
  return { ...uploads, repository, here: requestsHere(t), directory, content };
}

function assertPushed({ blobs, here }: World, { bytes, descriptor }: LargeBlob): void {
  assert.ok(blobs.get(descriptor.digest)?.equals(bytes), 'other bytes than the blob has');
  assert.deepEqual(
    here.filter((line) => line.startsWith('PUT')),
    [],
    'this thread has sent the blob, too',
  );
}

test('a blob is sent as it is, with its length, and how far it is is told', patience, async (t) => {
  const made = await world(t);
  const told: number[] = [];
  const content = watchedPour(await made.content(blob), (bytes) => told.push(bytes));
  assert.equal(await made.repository.putBlob(content), 'written');
  assertPushed(made, blob);
  const [put, ...more] = made.puts;
  assert.equal(more.length, 0);
  assert.equal(put?.headers['content-length'], String(blob.bytes.length));
  assert.equal(put?.headers['content-type'], 'application/octet-stream');
  assert.equal(put?.headers['transfer-encoding'], undefined);
  assert.equal(told.at(-1), blob.bytes.length);
});

test('the next blob goes over the connection that the first one left', patience, async (t) => {
  const made = await world(t);
  await made.repository.putBlob(await made.content(blob));
  await made.repository.putBlob(await made.content(second));
  assertPushed(made, second);
  const puts = made.origin.requests.filter(({ method }) => method === 'PUT');
  assert.equal(new Set(puts.map(({ connection }) => connection)).size, 1);
});

test('a blob that is wrong at its end is never sent to it, and the upload is given up', patience, async (t) => {
  const made = await world(t);
  const content = await made.content(blob);
  const wrong = Buffer.from(blob.bytes);
  wrong[wrong.length - 1] = (wrong.at(-1) ?? 0) ^ 1;
  await writeFile(join(made.directory, 'blobs', blob.descriptor.digest.replace(':', '/')), wrong);
  await rejection('DIGEST_MISMATCH', made.repository.putBlob(content));
  await until(() => made.puts[0]?.isClosed === true, 'the connection is closed');
  const [put, ...more] = made.puts;
  assert.equal(more.length, 0);
  assert.ok((put?.received ?? 0) < blob.bytes.length && put?.isWhole === false);
  assert.deepEqual([made.blobs.size, made.count('DELETE')], [0, 1]);
  assert.ok(!made.here.some((line) => line.startsWith('PUT')));
});

test('what is refused for its size before it was read is sent in chunks', patience, async (t) => {
  const refuse: OnPut = (_, response) => answer(response, 413);
  const made = await world(t, [refuse]);
  assert.equal(await made.repository.putBlob(await made.content(vast)), 'written');
  assert.ok(made.blobs.get(vast.descriptor.digest)?.equals(vast.bytes));
  assert.deepEqual([made.count('PATCH') > 0, made.puts.length], [true, 2]);
  assert.ok((made.puts[0]?.received ?? 0) < vast.bytes.length);
});

test('what is refused in its middle for want of a token is sent again with one', patience, async (t) => {
  const refuse: OnPut = (request, response) =>
    readSome(request, MIB, () => {
      const realm = `http://${request.headers.host}/token`;
      const scope = 'repository:team/app:pull,push';
      answer(response, 401, { 'www-authenticate': `Bearer realm="${realm}",service="reg",scope="${scope}"` });
    });
  const made = await world(t, [refuse]);
  assert.equal(await made.repository.putBlob(await made.content(vast)), 'written');
  assertPushed(made, vast);
  assert.deepEqual(
    made.puts.map(({ headers, isWhole }) => [headers.authorization, isWhole]),
    [
      [undefined, false],
      ['Bearer given', true],
    ],
  );
  assert.equal(made.count('POST'), 1, 'in the same session');
});

for (const [what, end] of [
  ['reset', (request) => request.socket.resetAndDestroy()],
  ['closed', (request) => request.socket.destroy()],
] as const satisfies readonly (readonly [string, OnPut])[]) {
  test(`a connection that is ${what} in its middle: another session`, patience, async (t) => {
    const breakOff: OnPut = (request, response, take) =>
      readSome(request, MIB, () => (end as OnPut)(request, response, take));
    const made = await world(t, [breakOff, breakOff]);
    assert.equal(await made.repository.putBlob(await made.content(vast)), 'written');
    assertPushed(made, vast);
    assert.deepEqual([made.puts.length, made.count('POST')], [3, 3]);
  });
}

test('a registry that reads no more is TIMEOUT', patience, async (t) => {
  const stalled: IncomingMessage[] = [];
  const read: OnPut = (request) => readSome(request, MIB, () => void stalled.push(request));
  const made = await world(t, [read, read, read, read], { timeouts: { idleMs: 200 } });
  const error = await rejection('TIMEOUT', made.repository.putBlob(await made.content(vast)));
  assert.match(error.message, /it took no bytes for 200 ms/);
  for (const request of stalled) request.resume(); // who does not read does not see the end either
  await until(() => made.puts.every(({ isClosed }) => isClosed), 'the connections are closed');
  assert.ok(made.puts.length === 4 && made.puts.every(({ received }) => received < vast.bytes.length));
});

test('a registry that never answers what it has read is TIMEOUT', patience, async (t) => {
  const read: OnPut = (request) => void request.resume();
  const made = await world(t, [read, read, read, read], { timeouts: { writtenMs: 100 } });
  const error = await rejection('TIMEOUT', made.repository.putBlob(await made.content(blob)));
  assert.match(error.message, /no answer within 100 ms/);
});

test('the connection of a PUT that was given up is closed, though all of it was sent', patience, async (t) => {
  const busy = await pullWorld(t, (request, response) => sendPart(request, response, vast.bytes, 10, 'stalls'));
  const stop = new AbortController();
  const others = Array.from({ length: 4 }, (_, at) =>
    busy.pull(largeBlob(String(at), 24 * MIB), undefined, stop.signal),
  );
  const ended = Promise.allSettled(others);
  await until(() => busy.gets().length === 4, 'every thread has something to do, and lives on');
  const give = new AbortController();
  const read: OnPut = (request) => void request.once('end', () => give.abort()).resume();
  const made = await world(t, [read]);
  try {
    await rejection('ABORTED', made.repository.putBlob(await made.content(blob), { signal: give.signal }));
    await until(() => made.puts[0]?.isClosed === true, 'the connection is closed');
  } finally {
    stop.abort();
    await ended;
  }
});

test('a signal ends it in its middle', patience, async (t) => {
  const stop = new AbortController();
  const read: OnPut = (request) =>
    readSome(request, MIB, () => {
      stop.abort();
      request.resume();
    });
  const made = await world(t, [read]);
  const content = await made.content(vast);
  const activities: Activity['type'][] = [];
  const on = ({ type }: Activity): void => void activities.push(type);
  await rejection('ABORTED', made.repository.putBlob(content, { signal: stop.signal, on }));
  await until(() => made.puts[0]?.isClosed === true, 'the connection is closed');
  assert.deepEqual([made.puts.length, activities.includes('retry')], [1, false]);
});
