import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OCTET_STREAM } from '../../src/model/media-types.ts';
import { contentFrom } from '../../src/store/content.ts';
import * as faults from '../../src/testing/faults.ts';
import * as quirks from '../../src/testing/quirks.ts';
import { changing, only, requestTo, type Wrap } from '../../src/testing/wrap.ts';
import { rejection } from '../support/failure.ts';
import { type TestRegistry, testRegistry } from '../support/test-registry.ts';

const content = contentFrom(new Uint8Array(1000).fill(7));
const { digest } = content.descriptor;
const wanted = { mediaType: OCTET_STREAM, digest, size: 1000 };

async function withBlob(...wraps: Wrap[]): Promise<TestRegistry> {
  const made = testRegistry({ wraps });
  await made.registry.repository('team/app').putBlob(content);
  return made;
}

test('READ-21 RUBY-48 NODE-37: the size of a blob is one HEAD', async () => {
  const { repository, lines } = await withBlob();
  assert.deepEqual(await repository.stat(digest), wanted);
  assert.deepEqual(lines(), [`HEAD /v2/team/app/blobs/${digest} 200`]);
});

test('READ-21 RUBY-36 NODE-37: the headers that told it are there for who wants them', async () => {
  const { repository } = await withBlob();
  const head = await repository.headBlob(digest);
  assert.deepEqual(head?.descriptor, wanted);
  assert.equal(head?.response.headers['content-length'], '1000');
});

test('an unknown blob is not there, by one HEAD', async () => {
  const { repository, requests } = await withBlob();
  assert.equal(await repository.stat(contentFrom(new Uint8Array(1)).descriptor.digest), undefined);
  assert.equal(requests.length, 1);
});

for (const status of [400, 403, 405, 501]) {
  test(`where HEAD is answered ${status} the first byte tells, and no second HEAD is sent`, async () => {
    const { repository, requests } = await withBlob(quirks.headUnsupported(status));
    assert.deepEqual(await repository.stat(digest), wanted);
    assert.deepEqual(await repository.stat(digest), wanted);
    assert.deepEqual(
      requests.map(({ method, headers }) => `${method} ${headers.range ?? ''}`),
      ['HEAD ', 'GET bytes=0-0', 'GET bytes=0-0'],
    );
    assert.ok(requests.every(({ read }) => read <= 1));
  });
}

test('READ-21: where HEAD tells no length the first byte tells', async () => {
  const { repository } = await withBlob(only(quirks.withoutContentLength(), { matches: requestTo('blob', 'HEAD') }));
  assert.deepEqual(await repository.stat(digest), wanted);
});

test('where ranges are ignored the length of the whole tells, which is not read', async () => {
  const { repository, requests } = await withBlob(quirks.headUnsupported(), quirks.ignoreRange());
  assert.deepEqual(await repository.stat(digest), wanted);
  assert.equal(requests.at(-1)?.read, 0);
});

test('a blob without bytes is known where only its range cannot be met', async () => {
  const empty = contentFrom(new Uint8Array());
  const unmet = changing(requestTo('blob', 'GET'), () => ({ status: 416, headers: { 'content-range': 'bytes */0' } }));
  const { repository, registry } = await withBlob(quirks.headUnsupported(), unmet);
  await registry.repository('team/app').putBlob(empty);
  assert.equal((await repository.stat(empty.descriptor.digest))?.size, 0);
});

test('READ-21: a size that nobody tells is an error, not a guess', async () => {
  const { repository } = await withBlob(quirks.withoutContentLength(), quirks.ignoreRange());
  await rejection('PROTOCOL', repository.stat(digest));
});

test('a refusal is told as one', async () => {
  for (const [status, code] of [
    [401, 'UNAUTHORIZED'],
    [403, 'DENIED'],
    [500, 'SERVER_ERROR'],
  ] as const) {
    const { repository } = await withBlob(only(faults.answerWith(status), { matches: requestTo('blob') }));
    await rejection(code, repository.stat(digest));
  }
});
