import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { digestOf } from '../../src/bytes/hash.ts';
import type { Access } from '../../src/server/access.ts';
import { seededBytes } from '../../src/testing/fixtures.ts';
import { type Api, createApi, errorCodes, locationOf } from '../support/api.ts';
import { pushBlob } from '../support/push.ts';

const bytes = seededBytes(500, 'mount');
const digest = digestOf(bytes);
const mountPath = `/v2/to/blobs/uploads/?mount=${digest}&from=from`;

describe('mounting a blob', () => {
  let api: Api;

  beforeEach(async () => {
    api = createApi();
    await pushBlob(api, 'from', bytes, digest);
  });

  it('of another repository takes one request and no bytes', async () => {
    const answer = await api.send('POST', mountPath);
    assert.equal(answer.status, 201);
    assert.equal(answer.headers.get('location'), `/v2/to/blobs/${digest}`);
    assert.equal(answer.headers.get('docker-content-digest'), digest);
    assert.deepEqual((await api.send('GET', `/v2/to/blobs/${digest}`)).bytes, bytes);
  });

  it('survives the deletion of where it came from', async () => {
    await api.send('POST', mountPath);
    await api.send('DELETE', `/v2/from/blobs/${digest}`);
    assert.deepEqual((await api.send('GET', `/v2/to/blobs/${digest}`)).bytes, bytes);
  });

  const missing = [
    ['that is not there', `/v2/to/blobs/uploads/?mount=sha256:${'0'.repeat(64)}&from=from`],
    ['of a repository that is not there', `/v2/to/blobs/uploads/?mount=${digest}&from=nowhere`],
    ['of a repository that cannot be', `/v2/to/blobs/uploads/?mount=${digest}&from=..%2f..%2fetc`],
    ['of no repository', `/v2/to/blobs/uploads/?mount=${digest}`],
  ] as const;
  for (const [name, path] of missing) {
    it(`${name} starts an upload instead`, async () => {
      const answer = await api.send('POST', path);
      assert.equal(answer.status, 202);
      assert.equal((await api.send('HEAD', `/v2/to/blobs/${digest}`)).status, 404);
      assert.equal((await api.send('PUT', locationOf(answer, { digest }), { body: bytes })).status, 201);
    });
  }

  it('under a digest that is none is refused', async () => {
    const answer = await api.send('POST', '/v2/to/blobs/uploads/?mount=sha256:abc&from=from');
    assert.deepEqual([answer.status, errorCodes(answer)], [400, ['DIGEST_INVALID']]);
  });

  it('that was deleted brings nothing back', async () => {
    await api.send('DELETE', `/v2/from/blobs/${digest}`);
    assert.equal((await api.send('POST', mountPath)).status, 202);
    assert.equal((await api.send('HEAD', `/v2/to/blobs/${digest}`)).status, 404);
  });
});

describe('mounting from a repository that one may not read', () => {
  const asked: string[] = [];
  const access: Access = async (_, { action, repository, from }) => {
    asked.push(`${action} ${repository} ${from ?? '-'}`);
    return action === 'pull' && repository === 'from' ? { outcome: 'denied' } : { outcome: 'allowed' };
  };

  it('starts an upload, as if there were nothing', async () => {
    const api = createApi({ access });
    await pushBlob(api, 'from', bytes, digest);
    asked.length = 0;
    const denied = await api.send('POST', mountPath);
    const absent = await api.send('POST', mountPath.replace('from=from', 'from=nothing'));
    assert.equal(denied.status, 202);
    const names = (headers: Headers): string[] => [...headers.keys()];
    assert.deepEqual(names(denied.headers), names(absent.headers));
    assert.equal((await api.send('HEAD', `/v2/to/blobs/${digest}`)).status, 404);
    assert.deepEqual(asked.slice(0, 2), ['push to from', 'pull from -']);
  });
});
