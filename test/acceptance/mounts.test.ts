/** G33: a mount that is one, a mount that became an upload, a mount that is refused: the blob is there before its manifest is put. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { copy } from '../../src/graph/copy.ts';
import { putImage, seededBytes } from '../../src/testing/fixtures.ts';
import * as quirks from '../../src/testing/quirks.ts';
import type { Wrap } from '../../src/testing/wrap.ts';
import { type TestRegistry, testRegistry } from '../support/test-registry.ts';

const layers = [{ files: { a: seededBytes(200_000, 'a') } }];

/** An image is copied to another repository of the registry, which checks at the PUT of the manifest that its blobs are there. */
async function copied(...wraps: readonly Wrap[]): Promise<TestRegistry> {
  const made = testRegistry({ wraps, client: { credentials: undefined } });
  const { descriptor, blobs } = await putImage(made.registry.repository('team/app'), { layers, tags: ['1'] });
  const other = made.client.repository('registry.test/team/other');
  const copy1 = await copy(made.repository, '1', other, { tags: ['1'] });
  assert.equal(copy1.digest, descriptor.digest);
  const kept = made.registry.repository('team/other');
  for (const { descriptor: blob } of blobs) {
    assert.equal((await kept.stat(blob.digest))?.size, blob.size);
    for await (const _ of kept.blob(blob).open());
  }
  assert.equal((await kept.resolve('1'))?.digest, descriptor.digest);
  const puts = made.requests.filter(({ method, path }) => method === 'PUT' && path.includes('/manifests/'));
  assert.deepEqual(
    puts.map(({ status }) => status),
    [201],
  );
  assert.equal(made.open(), 0);
  return made;
}

const uploads = ({ requests }: TestRegistry, method: string): TestRegistry['requests'] =>
  requests.filter((request) => request.method === method && request.path.includes('/blobs/uploads/'));
const sent = (made: TestRegistry): number => uploads(made, 'PUT').reduce((sum, request) => sum + request.sent, 0);

test('G33: 201 is a mount, and no byte is sent', async () => {
  const made = await copied();
  assert.deepEqual(
    uploads(made, 'POST').map(({ status }) => status),
    [201, 201],
  );
  assert.equal(sent(made), 0);
});

test('G33: 202 is an upload: its Location is used, and it never counts as done', async () => {
  const made = await copied(quirks.noMount());
  assert.deepEqual(
    uploads(made, 'POST').map(({ status }) => status),
    [202, 202],
  );
  assert.equal(uploads(made, 'PUT').filter(({ status }) => status === 201).length, 2);
  assert.ok(sent(made) > 200_000);
});

for (const status of [400, 401, 403, 404, 405, 500]) {
  test(`G33: ${status} is no mount: the blob is uploaded as any other`, async () => {
    const made = await copied(quirks.mountRefused(status));
    const started = uploads(made, 'POST').filter(({ path }) => !path.includes('mount='));
    assert.deepEqual(
      started.map((request) => request.status),
      [202, 202],
    );
    assert.equal(uploads(made, 'PUT').filter((request) => request.status === 201).length, 2);
    const tried = uploads(made, 'POST').length - started.length;
    assert.equal(tried, status === 500 ? 10 : 2, 'only what may pass is tried again');
  });
}
