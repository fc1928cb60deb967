/** G26: servers that answer a resumed download otherwise than asked: a verified blob or a typed error, after two restarts at most. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isOciError } from '../../src/errors.ts';
import { answerWith, cutBody } from '../../src/testing/faults.ts';
import { seededBytes, seededContent } from '../../src/testing/fixtures.ts';
import * as quirks from '../../src/testing/quirks.ts';
import { changing, combine, only, requestTo, type Wrap } from '../../src/testing/wrap.ts';
import type { WireRequest } from '../support/handler-wire.ts';
import { testRegistry } from '../support/test-registry.ts';

const size = 1_000_000;
const bytes = seededBytes(size, 'G26');
const content = seededContent(size, 'G26');
const gets = requestTo('blob', 'GET');
const ranged = (request: Request): boolean => request.headers.has('range');
const contentRange = (value: string): Wrap =>
  changing(
    (_, { status }) => status === 206,
    () => ({ headers: { 'content-range': value } }),
  );
/** The blob is another one from the second request on, and says so. */
const changedBlob: Wrap = only(
  combine(
    quirks.ignoreRange(),
    changing(gets, () => ({ headers: { etag: '"another"' } })),
    quirks.rottenBlobs(),
  ),
  { matches: gets, after: 1 },
);
const otherTag: Wrap = only(
  combine(
    quirks.ignoreRange(),
    changing(gets, () => ({ headers: { etag: '"another"' } })),
  ),
  { matches: gets, after: 1 },
);

/** What a variant ends with when only the first answer breaks off: the blob, or an error. */
const variants: Readonly<Record<string, readonly [Wrap, 'blob' | 'DIGEST_MISMATCH']>> = {
  'ignores Range (200)': [quirks.ignoreRange(), 'blob'],
  '206 from before': [quirks.rangeFromElsewhere(-10), 'blob'],
  '206 from behind': [quirks.rangeFromElsewhere(10), 'blob'],
  '206 without Content-Range': [quirks.rangeWithoutContentRange(), 'blob'],
  '206 of another size': [contentRange('bytes 400000-999999/1000001'), 'blob'],
  '206 in several parts': [contentRange('multipart'), 'blob'],
  '416': [only(answerWith(416), { matches: ranged }), 'blob'],
  'the blob has changed': [changedBlob, 'DIGEST_MISMATCH'],
  'the ETag differs, the bytes do not': [otherTag, 'blob'],
};

async function read(...wraps: readonly Wrap[]): Promise<{ outcome: string; restarts: number; requests: number }> {
  const made = testRegistry({ wraps });
  await made.registry.repository('team/app').putBlob(content);
  const got: Uint8Array[] = [];
  let outcome = 'blob';
  try {
    for await (const chunk of made.repository.blob(content.descriptor).open()) got.push(chunk.slice());
    assert.ok(Buffer.concat(got).equals(bytes));
  } catch (error) {
    assert.ok(isOciError(error), String(error));
    outcome = error.code;
    assert.ok(Buffer.concat(got).length < size, 'an end that was never reached');
  }
  assert.equal(made.open(), 0);
  assert.ok(
    made.requests.some(({ headers }) => headers.range === 'bytes=400000-'),
    'nothing was to be resumed',
  );
  const isWhole = ({ headers: { range = 'bytes=0-' } }: WireRequest): boolean => range === 'bytes=0-';
  const whole = made.requests.filter((one) => one.read > 0 && (one.status === 200 || isWhole(one)));
  return { outcome, restarts: whole.length - 1, requests: made.requests.length };
}

for (const [what, [wrap, expected]] of Object.entries(variants)) {
  test(`G26: ${what}: after one cut`, async () => {
    const { outcome, restarts } = await read(only(cutBody(400_000), { matches: gets, times: 1 }), wrap);
    assert.equal(outcome, expected);
    assert.ok(restarts <= 2, String(restarts));
  });

  test(`G26: ${what}: cut at the same place for ever`, async () => {
    const always: Wrap = (handler) => only(cutBody(400_000), { matches: gets })(handler);
    const { outcome, restarts, requests } = await read(always, wrap);
    assert.match(outcome, /^(UNREACHABLE|PROTOCOL|DIGEST_MISMATCH)$/);
    assert.ok(restarts <= 2, `${restarts} restarts`);
    assert.ok(requests <= 8, `${requests} requests`);
  });
}
