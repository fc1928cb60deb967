import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readAll } from '../../src/bytes/read.ts';
import { contentFrom } from '../../src/store/content.ts';
import * as faults from '../../src/testing/faults.ts';
import { seededBytes } from '../../src/testing/fixtures.ts';
import * as quirks from '../../src/testing/quirks.ts';
import { answering, changing, combine, only, requestTo, type Wrap, withBytes } from '../../src/testing/wrap.ts';
import { failure, rejection } from '../support/failure.ts';
import { type TestRegistry, testRegistry } from '../support/test-registry.ts';

const size = 300_000;
const bytes = seededBytes(size, 'hostile');
const { descriptor } = contentFrom(bytes);
const gets = requestTo('blob', 'GET');
const withoutLength = changing(gets, () => ({ headers: { 'content-length': undefined } }));

async function withBlob(content: Uint8Array, wraps: readonly Wrap[], foreignLayers = false): Promise<TestRegistry> {
  const made = testRegistry({ wraps, client: { foreignLayers } });
  await made.registry.repository('team/app').putBlob(contentFrom(content));
  return made;
}

const body = (change: (bytes: Uint8Array) => Uint8Array): Wrap => {
  return (handler) => async (request, info) => {
    const response = await handler(request, info);
    return gets(request) && response.ok
      ? new Response(change(new Uint8Array(await response.arrayBuffer())), response)
      : response;
  };
};

test('E3 READ-20 NODE-39 NODE-51: wrong bytes fail before their end', async () => {
  for (const offset of [0, 150_000, size - 1]) {
    const { repository } = await withBlob(bytes, [only(faults.flipByte(offset), { matches: gets })]);
    const seen: Uint8Array[] = [];
    const reading = (async () => {
      for await (const chunk of repository.blob(descriptor).open()) seen.push(chunk);
    })();
    const error = await rejection('DIGEST_MISMATCH', reading);
    assert.deepEqual(error.digests, [descriptor.digest]);
    assert.ok(seen.reduce((sum, { length }) => sum + length, 0) < size);
  }
});

test('E4: a blob without a digest header is verified all the same', async () => {
  const rotten = await withBlob(bytes, [quirks.withoutDigestHeader(), quirks.rottenBlobs()]);
  await rejection('DIGEST_MISMATCH', readAll(rotten.repository.blob(descriptor).open(), size, 'blob'));
  const sound = await withBlob(bytes, [quirks.withoutDigestHeader()]);
  assert.deepEqual(await readAll(sound.repository.blob(descriptor).open(), size, 'blob'), bytes);
});

test('E5: what is no digest is asked of nobody', async () => {
  const { repository, requests } = await withBlob(bytes, []);
  for (const digest of ['sha256:../../x', 'sha256:..%2f..%2fx', `sha256:${'a'.repeat(63)}/`, 'sha256:'] as const) {
    failure('DIGEST_INVALID', () => repository.blob({ ...descriptor, digest }));
    await rejection('DIGEST_INVALID', repository.stat(digest));
  }
  assert.equal(requests.length, 0);
});

test('NODE-39 NODE-51: one byte less, one more, and another announced length are a wrong size', async () => {
  const wraps: readonly (readonly Wrap[])[] = [
    [withoutLength, body((all) => all.subarray(1))],
    [withoutLength, body((all) => new Uint8Array([...all, 0]))],
    [changing(gets, () => ({ headers: { 'content-length': String(size - 1) } })), body((all) => all.subarray(1))],
    [
      changing(gets, () => ({ headers: { 'content-length': String(size + 1) } })),
      body((all) => new Uint8Array([...all, 0])),
    ],
  ];
  for (const wrap of wraps) {
    const { repository } = await withBlob(bytes, wrap);
    const error = await rejection('SIZE_MISMATCH', readAll(repository.blob(descriptor).open(), size * 2, 'blob'));
    assert.deepEqual(error.digests, [descriptor.digest]);
  }
});

test('a body without an end is left soon after the size', async () => {
  const { repository, requests } = await withBlob(bytes, [only(faults.endlessBody(), { matches: gets })]);
  await rejection('SIZE_MISMATCH', readAll(repository.blob(descriptor).open(), size * 10, 'blob'));
  assert.equal(requests.length, 1);
  assert.ok((requests[0]?.read ?? 0) <= size + 1024 * 1024);
});

test('a blob that was compressed on its way is decoded, large or small', async () => {
  for (const content of [bytes, new Uint8Array(9 * 1024 * 1024).fill(7)]) {
    const { repository } = await withBlob(content, [only(quirks.gzipEncoded(), { matches: gets })]);
    const read = await readAll(repository.blob(contentFrom(content).descriptor).open(), content.length, 'blob');
    assert.deepEqual(Buffer.from(read), Buffer.from(content));
  }
});

test('a blob that is only labelled compressed is left as it is, large or small', async () => {
  const large = new Uint8Array(9 * 1024 * 1024).fill(7);
  for (const content of [bytes, large]) {
    for (const lengths of [[], [withoutLength]]) {
      const { repository } = await withBlob(content, [quirks.gzipLabelled(), ...lengths]);
      const read = await readAll(repository.blob(contentFrom(content).descriptor).open(), content.length, 'blob');
      assert.deepEqual(Buffer.from(read), Buffer.from(content));
    }
  }
});

test('a compressed download is never resumed by a range', async () => {
  const wraps = [
    only(faults.cutBody(100_000), { matches: gets, times: 1 }),
    only(quirks.gzipEncoded(), { matches: gets }),
  ];
  const { repository, requests } = await withBlob(bytes, wraps);
  assert.deepEqual(await readAll(repository.blob(descriptor).open(), size, 'blob'), bytes);
  assert.deepEqual(
    requests.map(({ headers }) => headers.range),
    [undefined, undefined],
  );
});

test('a partial answer to a whole question is taken when it is the whole', async () => {
  const range = `bytes 0-${size - 1}/${size}`;
  const partial = combine(
    changing(gets, () => ({ headers: { 'content-range': range } })),
    quirks.alwaysPartial(),
  );
  const { repository } = await withBlob(bytes, [partial]);
  assert.deepEqual(await readAll(repository.blob(descriptor).open(), size, 'blob'), bytes);
  const { repository: other } = await withBlob(bytes, [quirks.alwaysPartial()]);
  await rejection('PROTOCOL', readAll(other.blob(descriptor).open(), size, 'blob'));
});

const foreign = { ...descriptor, urls: ['https://files.example.com/layer', 'https://files2.example.com/layer'] };
const elsewhere = (wanted: (host: string) => Uint8Array | undefined): Wrap =>
  answering(
    ({ url }) => new URL(url).host !== 'registry.test',
    ({ url }) => {
      const found = wanted(new URL(url).host);
      return found === undefined ? new Response(null, { status: 404 }) : new Response(Uint8Array.from(found));
    },
  );

test('a layer that is kept elsewhere is not fetched there unless that was allowed', async () => {
  const { repository, requests } = await withBlob(new Uint8Array(1), [elsewhere(() => bytes)]);
  const error = await rejection('FOREIGN_LAYER', readAll(repository.blob(foreign).open(), size, 'blob'));
  assert.deepEqual(error.digests, [descriptor.digest]);
  assert.equal(requests.length, 1);
});

test('a layer that is kept elsewhere is read from the registry where that has it', async () => {
  const { repository, requests } = await withBlob(bytes, [elsewhere(() => undefined)], true);
  assert.deepEqual(await readAll(repository.blob(foreign).open(), size, 'blob'), bytes);
  assert.equal(requests.length, 1);
});

test('an allowed layer comes from the first URL that has it, verified', async () => {
  const second = (host: string): Uint8Array | undefined => (host === 'files2.example.com' ? bytes : undefined);
  const { repository, requests } = await withBlob(new Uint8Array(1), [elsewhere(second)], true);
  assert.deepEqual(await readAll(repository.blob(foreign).open(), size, 'blob'), bytes);
  assert.deepEqual(
    requests.map(({ url }) => new URL(url).host),
    ['registry.test', 'files.example.com', 'files2.example.com'],
  );
  const { repository: other } = await withBlob(new Uint8Array(1), [elsewhere(() => new Uint8Array(size))], true);
  await rejection('DIGEST_MISMATCH', readAll(other.blob(foreign).open(), size, 'blob'));
});

test('an allowed layer is not fetched from where clouds keep their secrets', async () => {
  const { repository, requests } = await withBlob(new Uint8Array(1), [elsewhere(() => bytes)], true);
  const metadata = { ...descriptor, urls: ['https://169.254.169.254/latest/meta-data'] };
  await rejection('REDIRECT_REFUSED', readAll(repository.blob(metadata).open(), size, 'blob'));
  assert.equal(requests.length, 1);
});

test('leaving a blob early ends its request', async () => {
  let ended = false;
  const watch: Wrap = (handler) => async (request, info) => {
    const response = await handler(request, info);
    return withBytes(response, request, async function* (all) {
      try {
        for await (const chunk of all) yield* Array.from({ length: 10 }, () => chunk.subarray(0, chunk.length / 10));
      } finally {
        ended = true;
      }
    });
  };
  const { repository } = await withBlob(bytes, [only(watch, { matches: gets })]);
  for await (const _ of repository.blob(descriptor).open()) break;
  assert.equal(ended, true);
});
