/** Blobs that break off on their way to a thread: gone on with where they stand, or an error that says what was wrong. */
import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { rejection } from '../../support/failure.ts';
import { largeBlob, MIB, pullWorld, type PullWorld, sendBlob, sendPart } from '../../support/large-blobs.ts';
import { filesBelow } from '../../support/layouts.ts';

const blob = largeBlob('resumed');
const other = largeBlob('another', 4 * MIB);
const size = blob.bytes.length;
const half = 3 * MIB + 123;
const patience = { timeout: 60_000 };

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const whole: Answer = (request, response) => sendBlob(request, response, bytesFor(request));
const cut: Answer = (request, response) => sendPart(request, response, blob.bytes, half);

function bytesFor({ url = '' }: IncomingMessage): Buffer {
  return url.endsWith(blob.descriptor.digest) ? blob.bytes : other.bytes;
}

/** These answers, one after the other; then all is well. */
function inTurn(...answers: readonly Answer[]): Answer {
  let count = 0;
  return (request, response) => (answers[count++] ?? whole)(request, response);
}

const saying =
  (status: number, headers: Readonly<Record<string, string>>, body: Uint8Array = blob.bytes): Answer =>
  (_, response) =>
    void response.writeHead(status, headers).end(body);

const rangesOf = (world: PullWorld): unknown[] =>
  world.gets().map(({ headers }) => [headers.range, headers['if-range']]);

async function assertPulled(world: PullWorld): Promise<void> {
  assert.ok((await world.kept(blob))?.equals(blob.bytes), 'other bytes than the blob has');
  assert.deepEqual(world.here, [], 'this thread has sent requests, too');
}

test('what breaks off is gone on with where it stands, if it is still the same', patience, async (t) => {
  const again: Answer = (request, response) => sendPart(request, response, blob.bytes, half + MIB);
  const world = await pullWorld(t, inTurn(cut, again));
  assert.equal(await world.pull(blob), 'written');
  await assertPulled(world);
  const [first, ...more] = rangesOf(world);
  assert.deepEqual(first, [undefined, undefined]);
  assert.deepEqual(more, [
    [`bytes=${half}-`, '"v1"'],
    [`bytes=${half + MIB}-`, '"v1"'],
  ]);
});

test('the few bytes that were missing come with their head, and the connection is used again', patience, async (t) => {
  const but =
    (left: number): Answer =>
    (request, response) =>
      sendPart(request, response, blob.bytes, size - left);
  const world = await pullWorld(t, inTurn(but(100), but(1)));
  await world.pull(blob);
  await world.pull(other);
  await assertPulled(world);
  assert.deepEqual(
    world.gets().map(({ headers, connection }) => [headers.range, connection]),
    [
      [undefined, 1],
      [`bytes=${size - 100}-`, 2],
      [`bytes=${size - 1}-`, 3],
      [undefined, 3],
    ],
  );
});

for (const [what, etag] of [
  ['weak', 'W/"v1"'],
  ['not one', 'v1'],
] as const) {
  test(`an ETag that is ${what} is no condition`, patience, async (t) => {
    const first: Answer = ({ socket }, response) => {
      response.writeHead(200, { 'content-length': size, etag });
      response.write(blob.bytes.subarray(0, half), () => socket.end());
    };
    const world = await pullWorld(t, inTurn(first));
    await world.pull(blob);
    await assertPulled(world);
    assert.deepEqual(rangesOf(world)[1], [`bytes=${half}-`, undefined]);
  });
}

for (const [what, answers, last] of [
  ['that ignores ranges is read again up to there', [saying(200, { 'content-length': String(size) })], 'range'],
  ['that knows no such range is asked for all of it', [saying(416, {}, new Uint8Array())], 'all'],
  [
    'that sends another range is asked for all of it',
    [
      saying(
        206,
        { 'content-range': `bytes ${half - 1}-${size - 1}/${size}`, 'content-length': String(size - half + 1) },
        blob.bytes.subarray(half - 1),
      ),
    ],
    'all',
  ],
  [
    'that sends a range of nobody knows what is asked for all of it',
    [saying(206, { 'content-length': String(other.bytes.length) }, other.bytes)],
    'all',
  ],
] as const) {
  test(`a server ${what}`, patience, async (t) => {
    const world = await pullWorld(t, inTurn(cut, ...answers));
    assert.equal(await world.pull(blob), 'written');
    assert.ok((await world.kept(blob))?.equals(blob.bytes));
    assert.equal(rangesOf(world).length, last === 'range' ? 2 : 3);
    if (last === 'all') assert.deepEqual(rangesOf(world).at(-1), [undefined, undefined]);
  });
}

test('what is longer, in the end, than it may be is not taken', patience, async (t) => {
  const range = `bytes ${half}-${size - 1}/${size}`;
  const tooMuch = Buffer.concat([blob.bytes.subarray(half), Buffer.from('more')]);
  const world = await pullWorld(
    t,
    inTurn(cut, saying(206, { 'content-range': range, 'content-length': String(tooMuch.length) }, tooMuch)),
  );
  await rejection('SIZE_MISMATCH', world.pull(blob));
  assert.deepEqual(await filesBelow(world.directory), ['index.json', 'oci-layout']);
  await world.pull(blob);
  await assertPulled(world);
});

for (const [what, answer, code] of [
  ['wrong bytes', saying(200, { 'content-length': String(size) }, Buffer.alloc(size, 'x')), 'DIGEST_MISMATCH'],
  ['one wrong byte at the end', saying(200, { 'content-length': String(size) }, wrongEnd()), 'DIGEST_MISMATCH'],
  ['an announced byte too few', saying(200, { 'content-length': String(size - 1) }, other.bytes), 'SIZE_MISMATCH'],
  ['an announced byte too many', saying(200, { 'content-length': String(size + 1) }, other.bytes), 'SIZE_MISMATCH'],
] as const) {
  test(`${what}: ${code}, nothing is kept, and the next attempt has it`, patience, async (t) => {
    const world = await pullWorld(t, inTurn(answer));
    await rejection(code, world.pull(blob));
    assert.deepEqual(await filesBelow(world.directory), ['index.json', 'oci-layout']);
    assert.equal(await world.pull(blob), 'written');
    await assertPulled(world);
  });
}

test('a resumed blob that has become another is wrong as a whole', patience, async (t) => {
  const changed: Answer = (request, response) => sendBlob(request, response, Buffer.alloc(size, 'x'));
  const world = await pullWorld(t, inTurn(cut, changed));
  await rejection('DIGEST_MISMATCH', world.pull(blob));
  assert.deepEqual(await filesBelow(world.directory), ['index.json', 'oci-layout']);
});

for (const [what, answer] of [
  ['that come in chunks', (_, response) => void response.writeHead(200).end(blob.bytes)],
  [
    'that only the end of the connection ends',
    ({ socket }) => void socket.end(Buffer.concat([Buffer.from('HTTP/1.1 200 OK\r\n\r\n'), blob.bytes])),
  ],
  [
    'that are labelled as compressed',
    (_, response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(blob.bytes)),
  ],
] as const satisfies readonly (readonly [string, Answer])[]) {
  test(`bytes ${what} are left to this thread, for the next blob at once`, patience, async (t) => {
    const chunked: Answer = (request, response) => {
      if (request.url?.endsWith(blob.descriptor.digest) === true) answer(request, response);
      else whole(request, response);
    };
    const world = await pullWorld(t, chunked);
    assert.equal(await world.pull(blob), 'written');
    assert.ok((await world.kept(blob))?.equals(blob.bytes));
    const before = world.gets().length;
    assert.equal(await world.pull(other), 'written');
    assert.ok((await world.kept(other))?.equals(other.bytes));
    assert.equal(world.gets().length - before, 1);
    assert.equal(world.here.filter((line) => line.endsWith(other.descriptor.digest)).length, 1);
  });
}

function wrongEnd(): Buffer {
  const bytes = Buffer.from(blob.bytes);
  bytes[size - 1] = (bytes[size - 1] ?? 0) ^ 1;
  return bytes;
}
