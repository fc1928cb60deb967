import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { hasherFor } from '../../src/bytes/hash.ts';
import { readAll } from '../../src/bytes/read.ts';
import type { Activity, Bytes } from '../../src/model/call.ts';
import { contentFrom } from '../../src/store/content.ts';
import * as faults from '../../src/testing/faults.ts';
import { seededBytes } from '../../src/testing/fixtures.ts';
import * as quirks from '../../src/testing/quirks.ts';
import { changing, only, requestTo, type Wrap } from '../../src/testing/wrap.ts';
import { rejection } from '../support/failure.ts';
import { type TestRegistry, testRegistry } from '../support/test-registry.ts';

const size = 1_000_000;
const bytes = seededBytes(size, 'blob');
const { descriptor } = contentFrom(bytes);
const gets = requestTo('blob', 'GET');

async function withBlob(...wraps: Wrap[]): Promise<TestRegistry> {
  const made = testRegistry({ wraps });
  await made.registry.repository('team/app').putBlob(contentFrom(bytes));
  return made;
}

const read = (content: Bytes): Promise<Uint8Array> => readAll(content, size + 1, 'blob');
const ranges = ({ requests }: TestRegistry): (string | undefined)[] => requests.map(({ headers }) => headers.range);

/** Cuts the first `times` answers after so many bytes each. */
const cut = (after: number, times: number): Wrap => only(faults.cutBody(after), { matches: gets, times });

describe('a blob', () => {
  test('asks for nothing before it is opened, and tells where it can be mounted from', async () => {
    const { repository, requests } = await withBlob();
    const content = repository.blob(descriptor);
    assert.deepEqual(content.origin, { registry: 'registry.test', repository: 'team/app' });
    assert.equal(requests.length, 0);
    assert.deepEqual(await read(content.open()), bytes);
    assert.deepEqual(await read(content.open()), bytes);
    assert.equal(requests.length, 2);
    assert.equal(requests[0]?.headers['accept-encoding'], 'identity');
  });

  test('gives a window with one range request', async () => {
    const made = await withBlob();
    const content = made.repository.blob(descriptor);
    assert.deepEqual(await read(content.open({ start: 100, end: 300 })), bytes.subarray(100, 300));
    assert.deepEqual(await read(content.open({ start: 999_990 })), bytes.subarray(999_990));
    assert.deepEqual(await read(content.open({ start: size, end: size })), new Uint8Array());
    assert.deepEqual(ranges(made), ['bytes=100-299', 'bytes=999990-']);
  });

  test('gives a window of a registry that knows no ranges, and reads no further', async () => {
    const made = await withBlob(quirks.ignoreRange());
    const window = made.repository.blob(descriptor).open({ start: 100, end: 300 });
    assert.deepEqual(await read(window), bytes.subarray(100, 300));
  });

  test('is verified whole when it continues what is known', async () => {
    const { repository } = await withBlob();
    const prefix = hasherFor(descriptor.digest);
    prefix.update(bytes.subarray(0, 400_000));
    const rest = await read(repository.blob(descriptor).open({ start: 400_000, prefix }));
    assert.deepEqual(rest, bytes.subarray(400_000));
    const wrong = hasherFor(descriptor.digest);
    wrong.update(bytes.subarray(1, 400_001));
    const open = (): Bytes => repository.blob(descriptor).open({ start: 400_000, prefix: wrong });
    await rejection('DIGEST_MISMATCH', read(open()));
  });

  test('ERR-4 RUBY-37: that is not there is NOT_FOUND, by its digest and repository', async () => {
    const { repository } = await withBlob();
    const other = contentFrom(bytes.subarray(1)).descriptor;
    const error = await rejection('NOT_FOUND', read(repository.blob(other).open()));
    assert.match(error.message, new RegExp(`${other.digest}.*registry\\.test/team/app`));
    assert.equal(error.missing, 'blob');
  });

  test('without bytes is verified, too', async () => {
    const { repository, registry } = await withBlob();
    await registry.repository('team/app').putBlob(contentFrom(new Uint8Array()));
    const empty = contentFrom(new Uint8Array()).descriptor;
    assert.deepEqual(await read(repository.blob(empty).open()), new Uint8Array());
    await rejection('SIZE_MISMATCH', read(repository.blob({ ...descriptor, size: 0 }).open()));
  });

  test('that a descriptor carries is read without a request', async () => {
    const { repository, requests } = await withBlob();
    const small = contentFrom(bytes.subarray(0, 100)).descriptor;
    const data = Buffer.from(bytes.subarray(0, 100)).toString('base64');
    assert.deepEqual(await read(repository.blob({ ...small, data }).open()), bytes.subarray(0, 100));
    assert.equal(requests.length, 0);
  });
});

describe('a download that breaks off', () => {
  test('E6: goes on where it stands, and reads nothing twice', async () => {
    const made = await withBlob(cut(150_000, 3));
    assert.deepEqual(await read(made.repository.blob(descriptor).open()), bytes);
    assert.deepEqual(ranges(made), [undefined, 'bytes=150000-', 'bytes=300000-', 'bytes=450000-']);
    assert.equal(
      made.requests.reduce((sum, request) => sum + request.read, 0),
      size,
    );
    const etag = `"${descriptor.digest}"`;
    assert.deepEqual(
      made.requests.map(({ headers }) => headers['if-range']),
      [undefined, etag, etag, etag],
    );
    assert.deepEqual(made.clock.waits, []);
  });

  test('tells each new attempt', async () => {
    const made = await withBlob(cut(150_000, 1));
    const told: Activity[] = [];
    await read(made.repository.blob(descriptor).open({ on: (activity) => told.push(activity) }));
    assert.equal(told.filter(({ type }) => type === 'retry').length, 1);
    assert.equal(told.filter(({ type }) => type === 'response').length, 2);
  });

  test('goes on without limit while it progresses', async () => {
    const made = await withBlob(cut(70_000, 100));
    assert.deepEqual(await read(made.repository.blob(descriptor).open()), bytes);
    assert.equal(made.requests.length, 15);
  });

  test('ends after five attempts that brought nothing, with longer and longer waits', async () => {
    const made = await withBlob(cut(100, Number.POSITIVE_INFINITY));
    const error = await rejection('UNREACHABLE', read(made.repository.blob(descriptor).open()));
    assert.match(error.message, /500 of 1000000 bytes/);
    assert.equal(made.requests.length, 5);
    assert.deepEqual(made.clock.waits, [200, 400, 800, 1600]);
  });

  test('with an end that looks like one goes on as well', async () => {
    const closed = only(faults.closeDelimited(), { matches: gets });
    const short = changing(gets, () => ({ headers: { 'content-length': undefined } }));
    const endEarly = only(
      (handler) => async (request, info) => {
        const response = await handler(request, info);
        return new Response(new Uint8Array(await response.arrayBuffer()).subarray(0, 300_000), response);
      },
      { matches: gets, times: 1 },
    );
    const made = await withBlob(closed, short, endEarly);
    assert.deepEqual(await read(made.repository.blob(descriptor).open()), bytes);
    assert.deepEqual(ranges(made), [undefined, 'bytes=300000-']);
  });

  test('drops what it knows where the registry ignores ranges', async () => {
    const made = await withBlob(cut(400_000, 1), quirks.ignoreRange());
    assert.deepEqual(await read(made.repository.blob(descriptor).open()), bytes);
    assert.equal(made.requests.length, 2);
  });

  test('believes no range that was not asked for', async () => {
    for (const wrong of [
      quirks.rangeFromElsewhere(-10),
      quirks.rangeFromElsewhere(10),
      quirks.rangeWithoutContentRange(),
      changing(
        (_, { status }) => status === 206,
        () => ({ headers: { 'content-range': 'bytes 400000-999999/1000001' } }),
      ),
      changing(
        (_, { status }) => status === 206,
        () => ({ headers: { 'content-range': 'bytes 400000-1000999/*' } }),
      ),
      changing(
        (_, { status }) => status === 206,
        () => ({ headers: { 'content-type': 'multipart/byteranges', 'content-range': undefined } }),
      ),
    ]) {
      const made = await withBlob(cut(400_000, 1), wrong);
      assert.deepEqual(await read(made.repository.blob(descriptor).open()), bytes);
      assert.deepEqual(ranges(made), [undefined, 'bytes=400000-', undefined]);
    }
  });

  test('begins anew, once, where the rest is said not to be there', async () => {
    const gone = only(faults.answerWith(416), { matches: (request) => request.headers.has('range') });
    const made = await withBlob(cut(400_000, 1), gone);
    assert.deepEqual(await read(made.repository.blob(descriptor).open()), bytes);
    assert.deepEqual(ranges(made), [undefined, 'bytes=400000-', undefined]);
    const always = await withBlob(cut(400_000, 1), only(faults.answerWith(416), { matches: gets, after: 1 }));
    await rejection('PROTOCOL', read(always.repository.blob(descriptor).open()));
    assert.equal(always.requests.length, 3);
  });

  test('whose content has changed since is not mixed', async () => {
    const other = only(quirks.rottenBlobs(), { matches: gets, after: 1 });
    const tag = only(
      changing(gets, () => ({ headers: { etag: '"another"' } })),
      { matches: gets, after: 1 },
    );
    const made = await withBlob(cut(400_000, 1), other, tag);
    await rejection('DIGEST_MISMATCH', read(made.repository.blob(descriptor).open()));
  });

  test('ends at once when the registry no longer has it', async () => {
    const made = await withBlob(cut(400_000, 1), only(faults.answerWith(404), { matches: gets, after: 1 }));
    await rejection('NOT_FOUND', read(made.repository.blob(descriptor).open()));
    assert.equal(made.requests.length, 2);
  });
});
