/** G29: an upload session that the registry has forgotten is begun anew, three times at most, and the blob stands there once. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isOciError } from '../../src/errors.ts';
import { seededContent } from '../../src/testing/fixtures.ts';
import * as quirks from '../../src/testing/quirks.ts';
import { testRegistry, type TestRegistry } from '../support/test-registry.ts';

const content = seededContent(900_000, 'blob');
const { digest, size } = content.descriptor;

const ways = {
  PATCH: { method: 'PATCH', chunkSize: 300_000 },
  'the PUT of the whole': { method: 'PUT', chunkSize: undefined },
  'the PUT after the chunks': { method: 'PUT', chunkSize: 300_000 },
} as const;

function losing(times: number, { method, chunkSize }: (typeof ways)[keyof typeof ways]): TestRegistry {
  return testRegistry({ wraps: [quirks.loseUploadSession(times, [method, 'GET'])], client: { chunkSize } });
}

const sessions = ({ requests }: TestRegistry): number => requests.filter(({ method }) => method === 'POST').length;
const commits = ({ requests }: TestRegistry): number =>
  requests.filter(({ method, status }) => method === 'PUT' && status === 201).length;

for (const [where, way] of Object.entries(ways)) {
  for (const times of [1, 2, 3]) {
    test(`G29: 404 BLOB_UPLOAD_UNKNOWN at ${where}, ${times} times: restarts, and is there once`, async () => {
      const made = losing(times, way);
      assert.equal(await made.repository.putBlob(content), 'written');
      assert.equal(sessions(made), times + 1);
      assert.equal(commits(made), 1);
      const kept = made.registry.repository('team/app');
      assert.equal((await kept.stat(digest))?.size, size);
      for await (const _ of kept.blob(content.descriptor).open());
      assert.equal(made.open(), 0);
    });
  }

  test(`G29: 404 BLOB_UPLOAD_UNKNOWN at ${where}, for ever: three restarts, and an error`, async () => {
    const made = losing(Number.POSITIVE_INFINITY, way);
    const isTyped = (error: unknown): boolean => isOciError(error, 'UPLOAD_INVALID', 'NOT_FOUND');
    await assert.rejects(made.repository.putBlob(content), isTyped);
    assert.equal(sessions(made), 4);
    assert.equal(commits(made), 0);
    assert.equal(await made.registry.repository('team/app').stat(digest), undefined);
    assert.equal(made.open(), 0);
  });
}
