import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { contentFrom, contentOf } from '../../src/store/content.ts';
import type { Content } from '../../src/store/types.ts';
import * as faults from '../../src/testing/faults.ts';
import { seededBytes } from '../../src/testing/fixtures.ts';
import * as quirks from '../../src/testing/quirks.ts';
import { changing, only, requestTo, type Wrap } from '../../src/testing/wrap.ts';
import { rejection } from '../support/failure.ts';
import { type TestRegistry, testRegistry } from '../support/test-registry.ts';

const MiB = 1024 * 1024;
const size = 5 * MiB + 12_345;
const bytes = seededBytes(size, 'chunks');
/** Content whose own pieces end nowhere near the chunks' ends; it counts how often it was opened. */
function pieces(all: Uint8Array = bytes): Content & { opened: number[] } {
  const opened: number[] = [];
  const content = contentOf(contentFrom(bytes).descriptor, async function* (start, end) {
    opened.push(start);
    for (let at = start; at < end; at += 77_777) yield all.subarray(at, Math.min(at + 77_777, end));
  });
  return { ...content, opened };
}
const { digest } = contentFrom(bytes).descriptor;

const inChunks = (chunkSize: number, ...wraps: Wrap[]): TestRegistry => testRegistry({ wraps, client: { chunkSize } });
const patches = requestTo('upload', 'PATCH');
const ranges = ({ requests }: TestRegistry): (string | undefined)[] =>
  requests.filter(({ method }) => method === 'PATCH').map(({ headers }) => headers['content-range']);
const methods = ({ requests }: TestRegistry): string => requests.map(({ method }) => method).join(' ');
const isKept = async ({ registry }: TestRegistry): Promise<boolean> =>
  (await registry.repository('team/app').stat(digest))?.size === size;

describe('a blob larger than a chunk', () => {
  test('NODE-43 NODE-44 WRITE-1: is sent in chunks, read once, and closed without a body', async () => {
    const made = inChunks(2 * MiB);
    const content = pieces();
    assert.equal(await made.repository.putBlob(content), 'written');
    assert.equal(methods(made), 'HEAD POST PATCH PATCH PATCH PUT');
    assert.deepEqual(ranges(made), ['0-2097151', '2097152-4194303', `4194304-${size - 1}`]);
    assert.deepEqual(content.opened, [0]);
    assert.equal(made.requests.at(-1)?.sent, 0);
    assert.ok(await isKept(made));
  });

  test('is sent whole unless somebody wants chunks', async () => {
    const made = testRegistry();
    assert.equal(await made.repository.putBlob(pieces()), 'written');
    assert.equal(methods(made), 'HEAD POST PUT');
  });

  test('follows the setting of its registry', async () => {
    const hosts = { 'registry.test': { chunkSize: 3 * MiB } };
    const made = testRegistry({ client: { hosts } });
    await made.repository.putBlob(pieces());
    assert.equal(ranges(made).length, 2);
  });

  test('has chunks no smaller than the registry takes', async () => {
    const made = inChunks(MiB, quirks.smallestChunk(4 * MiB));
    await made.repository.putBlob(pieces());
    assert.deepEqual(ranges(made), ['0-4194303', `4194304-${size - 1}`]);
  });

  test('does not believe a smallest chunk that nobody can mean', async () => {
    const made = inChunks(
      4 * MiB,
      changing(requestTo('uploads'), () => ({ headers: { 'oci-chunk-min-length': '1000000000000' } })),
    );
    await made.repository.putBlob(pieces());
    assert.equal(ranges(made).length, 2);
  });

  test('goes to the location of the last answer', async () => {
    const made = inChunks(2 * MiB, quirks.statefulLocation('s=1%2F'));
    await made.repository.putBlob(pieces());
    assert.ok(made.requests.slice(2).every(({ path }) => path.includes('?s=1%2F')));
    assert.ok(await isKept(made));
  });

  test('is not kept when its bytes are wrong, wherever they are', async () => {
    for (const at of [0, 2 * MiB + 1, size - 1]) {
      const made = inChunks(2 * MiB);
      const wrong = bytes.slice();
      wrong[at] = (wrong[at] ?? 0) ^ 1;
      await rejection('DIGEST_MISMATCH', made.repository.putBlob(pieces(wrong)));
      assert.equal(made.requests.at(-1)?.method, 'DELETE');
      assert.equal(await isKept(made), false);
    }
  });
});

describe('a chunk that fails', () => {
  test('NODE-42 WRITE-1: is sent again from where the registry says it is', async () => {
    const refused: Wrap = (handler) => async (request, info) => {
      // half of it is kept, and the answer says how much
      const half = new Uint8Array(await request.arrayBuffer()).subarray(0, MiB);
      const { url, signal } = request;
      const range = { 'content-range': `2097152-${2097152 + MiB - 1}`, 'content-length': String(MiB) };
      const kept = await handler(new Request(url, { method: 'PATCH', headers: range, body: half, signal }), info);
      return new Response(null, { status: 416, headers: kept.headers });
    };
    const made = inChunks(2 * MiB, only(refused, { matches: patches, after: 1, times: 1 }));
    assert.equal(await made.repository.putBlob(pieces()), 'written');
    assert.deepEqual(ranges(made), ['0-2097151', '2097152-4194303', '3145728-5242879', `5242880-${size - 1}`]);
    assert.ok(await isKept(made));
  });

  test('is looked up where its answer says nothing', async () => {
    for (const fault of [
      faults.cutAfterWork(),
      faults.answerWith(416),
      faults.answerWith(502),
      faults.cutRequest(5000),
    ]) {
      const made = inChunks(2 * MiB, only(fault, { matches: patches, after: 1, times: 1 }));
      assert.equal(await made.repository.putBlob(pieces()), 'written');
      assert.match(methods(made), /^HEAD POST PATCH PATCH GET PATCH/);
      assert.ok(await isKept(made));
    }
  });

  test('goes back as far as the registry says, and is verified all the same', async () => {
    const forgetting: Wrap = () => async (request) => {
      await request.arrayBuffer();
      return new Response(null, { status: 416, headers: { range: '0-1048575' } });
    };
    const made = inChunks(2 * MiB, only(forgetting, { matches: patches, after: 1, times: 1 }));
    assert.equal(await made.repository.putBlob(pieces()), 'written');
    assert.deepEqual(ranges(made).slice(0, 3), ['0-2097151', '2097152-4194303', '1048576-2097151']);
    assert.ok(await isKept(made));
  });

  test('and has arrived is not sent again', async () => {
    const made = inChunks(2 * MiB, only(faults.cutAfterWork(), { matches: patches, after: 1, times: 1 }));
    await made.repository.putBlob(pieces());
    assert.deepEqual(ranges(made), ['0-2097151', '2097152-4194303', `4194304-${size - 1}`]);
  });

  test('waits as long as the registry asks', async () => {
    const busy = faults.answerWith(503, { 'retry-after': '9' });
    const made = inChunks(2 * MiB, only(busy, { matches: patches, after: 1, times: 1 }));
    assert.equal(await made.repository.putBlob(pieces()), 'written');
    assert.deepEqual(made.clock.waits, [9000]);
  });

  test('because the session is lost begins anew, three times at most', async () => {
    const made = inChunks(2 * MiB, quirks.loseUploadSession(3));
    assert.equal(await made.repository.putBlob(pieces()), 'written');
    assert.equal(made.requests.filter(({ method }) => method === 'POST').length, 4);
    const never = inChunks(2 * MiB, quirks.loseUploadSession(99));
    await rejection('UPLOAD_INVALID', never.repository.putBlob(pieces()));
    assert.equal(never.requests.filter(({ method }) => method === 'POST').length, 4);
  });

  test('and whose whereabouts nobody tells begins anew', async () => {
    const fault = only(faults.answerWith(416), { matches: patches, after: 1, times: 1 });
    const made = inChunks(2 * MiB, only(quirks.withoutUploadRange(), { matches: requestTo('upload', 'GET') }), fault);
    assert.equal(await made.repository.putBlob(pieces()), 'written');
    assert.ok(await isKept(made));
  });

  test('because it wants a new proof of who asks is sent with one', async () => {
    const expired = faults.answerWith(401, { 'www-authenticate': 'Basic realm="registry"' });
    const credentials = async (): Promise<{ username: string; password: string }> => ({
      username: 'me',
      password: 'pw',
    });
    const wraps = [only(expired, { matches: patches, after: 1, times: 1 })];
    const made = testRegistry({ wraps, client: { chunkSize: 2 * MiB, credentials } });
    assert.equal(await made.repository.putBlob(pieces()), 'written');
    assert.deepEqual(ranges(made), ['0-2097151', '2097152-4194303', '2097152-4194303', `4194304-${size - 1}`]);
    assert.ok(await isKept(made));
  });

  test('for good is not tried again', async () => {
    const made = inChunks(2 * MiB, only(faults.answerWith(403), { matches: patches }));
    await rejection('DENIED', made.repository.putBlob(pieces()));
    assert.equal(methods(made), 'HEAD POST PATCH DELETE');
  });
});

describe('a registry', () => {
  test('that drops chunks it has accepted gets its blobs whole, from then on', async () => {
    const made = inChunks(2 * MiB, quirks.patchNotAdvancing());
    assert.equal(await made.repository.putBlob(pieces()), 'written');
    assert.ok(await isKept(made));
    const before = made.requests.length;
    await made.registry.repository('team/app').delete({ blob: digest });
    await made.repository.putBlob(pieces());
    const again = made.requests.slice(before).map(({ method }) => method);
    assert.deepEqual(again, ['HEAD', 'POST', 'PUT']);
  });

  test('that knows no chunks gets its blobs whole', async () => {
    for (const status of [400, 404, 405, 501]) {
      const made = inChunks(2 * MiB, quirks.noChunks(status));
      assert.equal(await made.repository.putBlob(pieces()), 'written');
      assert.match(methods(made), /^HEAD POST PATCH HEAD DELETE POST PUT$/);
    }
  });

  test('that answers the first chunk with 404, and no word, gets the blob whole', async () => {
    const made = inChunks(2 * MiB, only(faults.answerWith(404), { matches: patches }));
    assert.equal(await made.repository.putBlob(pieces()), 'written');
    assert.match(methods(made), /^HEAD POST PATCH HEAD DELETE POST PUT$/);
  });

  test('that answers a chunk with 201 is taken at its word', async () => {
    const made = inChunks(2 * MiB, quirks.patchAnswers(201));
    assert.equal(await made.repository.putBlob(pieces()), 'written');
    assert.equal(ranges(made).length, 3);
  });

  test('behind a proxy that bounds bodies gets chunks below the bound, without being asked', async () => {
    for (const status of [413, 416]) {
      const made = testRegistry({ wraps: [quirks.largestBody(4 * MiB, status)] });
      assert.equal(await made.repository.putBlob(pieces()), 'written');
      assert.ok(await isKept(made));
      await made.registry.repository('team/app').delete({ blob: digest });
      const before = made.requests.length;
      await made.repository.putBlob(pieces());
      assert.deepEqual(
        made.requests.slice(before).map(({ method }) => method),
        ['HEAD', 'POST', 'PATCH', 'PATCH', 'PUT'],
      );
    }
  });

  test('that wants chunks, whatever the size, gets them', async () => {
    const made = testRegistry({ wraps: [quirks.noMonolithic()] });
    assert.equal(await made.repository.putBlob(contentFrom(bytes.subarray(0, 100))), 'written');
    assert.equal(methods(made), 'HEAD POST PUT HEAD DELETE POST PATCH PUT');
    const before = made.requests.length;
    await made.repository.putBlob(contentFrom(bytes.subarray(0, 200)));
    assert.equal(
      made.requests
        .slice(before)
        .map(({ method }) => method)
        .join(' '),
      'HEAD POST PATCH PUT',
    );
  });

  test('that says it has more than was sent is not believed', async () => {
    const more = only(
      changing(patches, () => ({ headers: { range: '0-9999999' } })),
      { matches: patches, times: 1 },
    );
    const made = inChunks(2 * MiB, more);
    assert.equal(await made.repository.putBlob(pieces()), 'written');
    assert.equal(methods(made), 'HEAD POST PATCH HEAD DELETE POST PATCH PATCH PATCH PUT');
    assert.ok(await isKept(made));
  });

  test('that takes neither way is not asked for ever', async () => {
    const made = testRegistry({ wraps: [quirks.largestBody(MiB / 2, 413)] });
    await rejection('TOO_LARGE', made.repository.putBlob(pieces()));
    assert.ok(made.requests.length < 30);
  });

  test('whose last answer got lost is asked whether the blob is there', async () => {
    const made = inChunks(2 * MiB, only(faults.cutAfterWork(), { matches: requestTo('upload', 'PUT') }));
    assert.equal(await made.repository.putBlob(pieces()), 'written');
    assert.equal(methods(made), 'HEAD POST PATCH PATCH PATCH PUT HEAD');
  });
});
