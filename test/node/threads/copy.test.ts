/** Large blobs from one registry to another: a thread reads from the one and writes to the other. */
import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { test, type TestContext } from 'node:test';
import type { Repository } from '../../../src/registry/repository.ts';
import { rejection } from '../../support/failure.ts';
import {
  largeBlob,
  type LargeBlob,
  MIB,
  nodeClient,
  pullWorld,
  type PullWorld,
  sendBlob,
  sendPart,
} from '../../support/large-blobs.ts';
import { makeCertificates, withoutTls } from '../../support/tls.ts';
import { until } from '../../support/until.ts';
import { answer, type OnPut, readSome, startUploads, type UploadOrigin } from '../../support/upload-origin.ts';

const blob = largeBlob('copied', 7 * MIB + 11);
const other = largeBlob('copied, too');
/** More than two connections can hold that nobody reads. */
const vast = largeBlob('vast copy', 32 * MIB);
const all = [blob, other, vast];
const half = 4 * MIB + 5;
const patience = { timeout: 60_000 };

type Answer = (request: IncomingMessage, response: ServerResponse, bytes: Buffer) => void;

interface World {
  readonly source: PullWorld;
  readonly target: UploadOrigin;
  readonly to: Repository;
  copy(blob: LargeBlob, signal?: AbortSignal): Promise<unknown>;
}

/** The source gives these answers, then it is well; the target does that with its PUTs, then it is well. */
async function world(
  t: TestContext,
  answers: readonly Answer[],
  onPut: readonly OnPut[] = [],
  tls = false,
): Promise<World> {
  let count = 0;
  const source = await pullWorld(t, (request, response) => {
    const wanted = all.find(({ descriptor }) => request.url?.endsWith(descriptor.digest) === true);
    (answers[count++] ?? sendBlob)(request, response, wanted?.bytes ?? Buffer.alloc(0));
  });
  const made = tls ? makeCertificates() : undefined;
  const target = await startUploads(t, onPut, made?.server);
  const options = made === undefined ? {} : { ca: [made.ca] };
  const client = { hosts: { [target.host]: { plainHttp: !tls } } };
  const to = nodeClient(t, { ...options, client }).repository(`${target.host}/team/copy`);
  const copy = ({ descriptor }: LargeBlob, signal?: AbortSignal): Promise<unknown> =>
    to.putBlob(source.repository.blob(descriptor), { signal });
  return { source, target, to, copy };
}

function assertCopied({ source, target }: World, ...blobs: readonly LargeBlob[]): void {
  for (const { descriptor, bytes } of blobs) assert.ok(target.blobs.get(descriptor.digest)?.equals(bytes));
  const large = source.here.filter((line) => /^PUT|^GET .*\/blobs\/sha256:/.test(line));
  assert.deepEqual(large, [], 'this thread has moved it, too');
}

test('a blob is as it was, and the next one goes over the same connections', patience, async (t) => {
  const made = await world(t, []);
  assert.equal(await made.copy(blob), 'written');
  assert.equal(await made.copy(other), 'written');
  assertCopied(made, blob, other);
  assert.deepEqual(
    made.source.gets().map(({ connection }) => connection),
    [1, 1],
  );
  assert.deepEqual(
    made.target.puts.map(({ headers }) => headers['content-length']),
    [blob, other].map(({ bytes }) => String(bytes.length)),
  );
});

test('several at once are each as they were', patience, async (t) => {
  const made = await world(t, []);
  await Promise.all(all.map((one) => made.copy(one)));
  assertCopied(made, ...all);
});

test('a source that breaks off is gone on with, into the same request', patience, async (t) => {
  const cut: Answer = (request, response, bytes) => sendPart(request, response, bytes, half);
  const again: Answer = (request, response, bytes) => sendPart(request, response, bytes, half + MIB);
  const made = await world(t, [cut, again]);
  assert.equal(await made.copy(blob), 'written');
  assertCopied(made, blob);
  assert.deepEqual(
    made.source.gets().map(({ headers }) => headers.range),
    [undefined, `bytes=${half}-`, `bytes=${half + MIB}-`],
  );
  assert.deepEqual([made.target.puts.length, made.target.count('POST')], [1, 1]);
});

test('a short rest that the target does not take at once leaves a connection that works', {
  ...patience,
  skip: withoutTls,
}, async (t) => {
  const cut: Answer = (request, response, bytes) => sendPart(request, response, bytes, bytes.length - 1000);
  const made = await world(t, [cut], [], true);
  assert.equal(await made.copy(blob), 'written');
  assert.equal(await made.copy(other), 'written');
  assertCopied(made, blob, other);
  assert.deepEqual(
    made.source.gets().map(({ headers, connection }) => [headers.range, connection]),
    [
      [undefined, 1],
      [`bytes=${blob.bytes.length - 1000}-`, 2],
      [undefined, 2],
    ],
  );
});

test('wrong bytes of the source never become a blob of the target', patience, async (t) => {
  const wrong: Answer = (request, response, bytes) => {
    const changed = Buffer.from(bytes);
    changed[half] = (changed[half] ?? 0) ^ 1;
    sendBlob(request, response, changed);
  };
  const made = await world(t, [wrong]);
  await rejection('DIGEST_MISMATCH', made.copy(blob));
  await until(() => made.target.puts[0]?.isClosed === true, 'the connection is closed');
  const [put, ...more] = made.target.puts;
  assert.deepEqual([more.length, put?.isWhole, made.target.blobs.size], [0, false, 0]);
  assert.ok((put?.received ?? 0) < blob.bytes.length);
  assert.equal(made.target.count('DELETE'), 1);
  assert.equal(await made.copy(blob), 'written');
});

test('a source that has not got it: its error, and no PUT', patience, async (t) => {
  const made = await world(t, [(_, response) => void response.writeHead(404).end('{}')]);
  await rejection('NOT_FOUND', made.copy(blob));
  assert.deepEqual([made.target.puts.length, made.target.count('DELETE')], [0, 1]);
});

test('a target that refuses early ends the reading of the source', patience, async (t) => {
  const refuse: OnPut = (request, response) => readSome(request, MIB, () => answer(response, 403));
  const made = await world(t, [], [refuse]);
  await rejection('DENIED', made.copy(vast));
  await until(() => made.source.origin.connections.open === 0, 'the connection to the source is closed');
  assert.deepEqual([made.source.gets().length, made.target.puts.length], [1, 1]);
  assert.ok((made.target.puts[0]?.received ?? 0) < vast.bytes.length);
});

test(
  'a target that ends the connection gets it in another session, from a source that is read again',
  patience,
  async (t) => {
    const breakOff: OnPut = (request) => readSome(request, MIB, () => request.socket.destroy());
    const made = await world(t, [], [breakOff]);
    assert.equal(await made.copy(vast), 'written');
    assertCopied(made, vast);
    assert.deepEqual([made.source.gets().length, made.target.puts.length], [2, 2]);
  },
);

test('a signal ends both', patience, async (t) => {
  const stop = new AbortController();
  const read: OnPut = (request) =>
    readSome(request, MIB, () => {
      stop.abort();
      request.resume();
    });
  const made = await world(t, [], [read]);
  await rejection('ABORTED', made.copy(vast, stop.signal));
  await until(() => made.target.puts[0]?.isClosed === true, 'the connection to the target is closed');
  await until(() => made.source.origin.connections.open === 0, 'the connection to the source is closed');
  assert.deepEqual([made.target.puts.length, made.target.blobs.size], [1, 0]);
});

test('a source whose bytes no thread reads is copied all the same', patience, async (t) => {
  const chunked: Answer = (_, response, bytes) => void response.writeHead(200).end(bytes);
  const made = await world(t, [chunked, chunked, chunked, chunked]);
  assert.equal(await made.copy(blob), 'written');
  assert.ok(made.target.blobs.get(blob.descriptor.digest)?.equals(blob.bytes));
});
