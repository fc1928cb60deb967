/** G30: a refused chunk goes on from what the registry has confirmed; where chunks get lost, blobs are sent whole. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededContent } from '../../src/testing/fixtures.ts';
import * as quirks from '../../src/testing/quirks.ts';
import { answering, changed, only, requestTo, type Wrap } from '../../src/testing/wrap.ts';
import { type TestRegistry, testRegistry } from '../support/test-registry.ts';

const CHUNK = 300_000;
const KEPT = 100_000;
const content = seededContent(1_000_000, 'blob');
const { size, digest } = content.descriptor;

/** Of the second chunk the registry keeps a part, and says 416; with how far it is, or without. */
function partKept(tellsRange: boolean): Wrap {
  const wrap: Wrap = (handler) => async (request, info) => {
    const { method, url, signal } = request;
    const bytes = new Uint8Array(await request.arrayBuffer()).slice(0, KEPT);
    const headers = new Headers(request.headers);
    headers.set('content-range', `${CHUNK}-${CHUNK + KEPT - 1}`);
    headers.set('content-length', String(KEPT));
    const response = await handler(new Request(url, { method, headers, signal, body: bytes, duplex: 'half' }), info);
    assert.equal(response.status, 202);
    return changed(response, { status: 416, headers: tellsRange ? {} : { range: undefined, location: undefined } });
  };
  return only(wrap, { matches: requestTo('upload', 'PATCH'), after: 1, times: 1 });
}

const of = ({ requests }: TestRegistry, method: string): TestRegistry['requests'] =>
  requests.filter((request) => request.method === method);

async function assertThere({ registry }: TestRegistry): Promise<void> {
  assert.equal((await registry.repository('team/app').stat(digest))?.size, size);
  for await (const _ of registry.repository('team/app').blob(content.descriptor).open());
}

for (const tells of [true, false]) {
  test(`G30: 416 ${tells ? 'with Range 0-(n-1)' : 'without Range, after GET of the status'}: no confirmed byte is sent again`, async () => {
    const made = testRegistry({ wraps: [partKept(tells)], client: { chunkSize: CHUNK } });
    assert.equal(await made.repository.putBlob(content), 'written');
    assert.deepEqual(
      of(made, 'PATCH').map(({ headers, status }) => `${headers['content-range']} ${status}`),
      ['0-299999 202', '300000-599999 416', '400000-699999 202', '700000-999999 202'],
    );
    assert.equal(of(made, 'GET').length, tells ? 0 : 1);
    assert.equal(of(made, 'POST').length, 1);
    const [, refused, ...rest] = of(made, 'PATCH');
    assert.equal(refused?.sent, CHUNK);
    assert.equal(
      rest.reduce((sum, { sent }) => sum + sent, 0),
      size - CHUNK - KEPT,
    );
    await assertThere(made);
  });
}

test('G30: 416 whose Range does not advance: falls back to one PUT, and succeeds', async () => {
  const isNext = ({ headers }: Request): boolean => !(headers.get('content-range') ?? '').startsWith('0-');
  const stuck = answering(
    (request) => requestTo('upload', 'PATCH')(request) && isNext(request),
    ({ url }) => new Response(null, { status: 416, headers: { location: url, range: `0-${CHUNK - 1}` } }),
  );
  const made = testRegistry({ wraps: [stuck], client: { chunkSize: CHUNK } });
  assert.equal(await made.repository.putBlob(content), 'written');
  assert.deepEqual(
    of(made, 'PUT').map(({ sent, status }) => [sent, status]),
    [[size, 201]],
  );
  assert.ok(of(made, 'PATCH').length <= 6, 'it is not tried for ever');
  await assertThere(made);
});

test('G30: Range that does not advance (ECR): falls back to one PUT, succeeds, and remembers', async () => {
  const made = testRegistry({ wraps: [quirks.patchNotAdvancing()], client: { chunkSize: CHUNK } });
  assert.equal(await made.repository.putBlob(content), 'written');
  const whole = of(made, 'PUT').filter(({ sent }) => sent === size);
  assert.equal(whole.length, 1);
  assert.equal(whole[0]?.status, 201);
  await assertThere(made);
  made.requests.length = 0;
  assert.equal(await made.repository.putBlob(seededContent(size, 'another')), 'written');
  assert.equal(of(made, 'PATCH').length, 0);
});
