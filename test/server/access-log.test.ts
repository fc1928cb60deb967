import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { digestOf } from '../../src/bytes/hash.ts';
import type { AccessLogEntry } from '../../src/server/access-log.ts';
import { createServer } from '../../src/server/app.ts';
import { createMemoryRegistry } from '../../src/store/memory.ts';
import { seededBytes } from '../../src/testing/fixtures.ts';
import { createApi } from '../support/api.ts';
import { streamOfChunks } from '../support/streams.ts';

const bytes = seededBytes(5000, 'log');
const digest = digestOf(bytes);

describe('the access log', () => {
  it('has an entry for every request, with the bytes of both bodies', async () => {
    const entries: AccessLogEntry[] = [];
    let now = 0;
    const api = createApi({ log: (entry) => entries.push(entry), now: () => (now += 5) });
    await api.send('POST', `/v2/r/blobs/uploads/?digest=${digest}`, { body: streamOfChunks(bytes) });
    await api.send('GET', `/v2/r/blobs/${digest}`, { headers: { range: 'bytes=0-9' } });
    await api.send('HEAD', `/v2/r/blobs/${digest}`);
    await api.send('GET', '/nowhere?x=1');
    const shown = entries.map(({ method, path, status, bytesIn, bytesOut }) => [
      method,
      path,
      status,
      bytesIn,
      bytesOut,
    ]);
    assert.deepEqual(shown, [
      ['POST', `/v2/r/blobs/uploads/?digest=${digest}`, 201, 5000, 0],
      ['GET', `/v2/r/blobs/${digest}`, 206, 0, 10],
      ['HEAD', `/v2/r/blobs/${digest}`, 200, 0, 0],
      ['GET', '/nowhere?x=1', 404, 0, 30],
    ]);
    assert.ok(entries.every(({ durationMs }) => durationMs >= 5 && durationMs % 5 === 0));
  });

  it('tells no secret: of an authorization the scheme, of cookies nothing', async () => {
    const entries: AccessLogEntry[] = [];
    const api = createApi({
      log: (entry) => entries.push(entry),
      access: async () => ({ outcome: 'allowed', user: 'ann' }),
    });
    const headers = {
      authorization: 'Basic c2VjcmV0OnNlY3JldA==',
      'proxy-authorization': 'Bearer secret',
      cookie: 'session=secret',
      'x-request-id': '7',
    };
    await api.send('GET', '/v2/', { headers });
    assert.deepEqual(entries[0]?.headers, {
      authorization: 'Basic',
      'proxy-authorization': 'Bearer',
      'x-request-id': '7',
    });
    assert.equal(entries[0]?.user, 'ann');
    assert.ok(!JSON.stringify(entries).includes('ecret'));
  });

  it('tells who was there, and what went wrong inside', async () => {
    const entries: AccessLogEntry[] = [];
    const error = new Error('disk on fire');
    const registry = createMemoryRegistry();
    const handler = createServer({
      registry: {
        ...registry,
        repositories: () => {
          throw error;
        },
      },
      log: (entry) => entries.push(entry),
    });
    const response = await handler(new Request('http://registry.test/v2/_catalog'), { remoteAddress: '10.0.0.7' });
    assert.equal(response.status, 500);
    assert.ok(!(await response.text()).includes('fire'));
    assert.equal(entries[0]?.error, error);
    assert.equal(entries[0]?.remoteAddress, '10.0.0.7');
  });

  it('is written once, and also when the client does not want the rest', async () => {
    const entries: AccessLogEntry[] = [];
    const api = createApi({ log: (entry) => entries.push(entry) });
    await api.send('POST', `/v2/r/blobs/uploads/?digest=${digest}`, { body: bytes });
    const url = `http://registry.test/v2/r/blobs/${digest}`;
    await (await api.handler(new Request(url))).body?.cancel();
    assert.equal(entries.length, 2);
    assert.deepEqual([entries[1]?.status, entries[1]?.bytesOut], [200, 0]);
  });
});
