import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createApi } from '../support/api.ts';

const origin = 'https://ui.example.com';
const preflight = { origin, 'access-control-request-method': 'PUT', 'access-control-request-headers': 'authorization' };

function corsHeaders(headers: Headers): Record<string, string> {
  return Object.fromEntries([...headers].filter(([name]) => name.startsWith('access-control-')));
}

describe('pages of other origins', () => {
  it('get nothing unless they are let in', async () => {
    const api = createApi();
    const { headers } = await api.send('GET', '/v2/', { headers: { origin } });
    assert.deepEqual(corsHeaders(headers), {});
    assert.equal((await api.send('OPTIONS', '/v2/', { headers: preflight })).status, 405);
  });

  it('that are named may use everything, with credentials', async () => {
    const api = createApi({
      cors: { origins: [origin] },
      access: async () => ({ outcome: 'challenge', challenges: ['Basic'] }),
    });
    const asked = await api.send('OPTIONS', '/v2/a/manifests/1', { headers: preflight });
    assert.equal(asked.status, 204);
    assert.match(asked.headers.get('access-control-allow-methods') ?? '', /PUT.*DELETE/);
    assert.match(asked.headers.get('access-control-allow-headers') ?? '', /Authorization/);
    assert.equal(asked.headers.get('access-control-allow-origin'), origin);
    const answer = await api.send('GET', '/v2/', { headers: { origin } });
    assert.equal(answer.status, 401);
    assert.equal(answer.headers.get('access-control-allow-origin'), origin);
    assert.equal(answer.headers.get('access-control-allow-credentials'), 'true');
    assert.match(answer.headers.get('access-control-expose-headers') ?? '', /Docker-Content-Digest.*Link/);
    assert.equal(answer.headers.get('vary'), 'Origin');
  });

  it('that are not named are refused', async () => {
    const api = createApi({ cors: { origins: ['https://other.example.com'] } });
    assert.deepEqual(corsHeaders((await api.send('GET', '/v2/', { headers: { origin } })).headers), {});
    assert.equal((await api.send('OPTIONS', '/v2/', { headers: preflight })).status, 405);
  });

  it('may all come in, and then without credentials', async () => {
    const api = createApi({ cors: { origins: ['*'] } });
    const { headers } = await api.send('GET', '/v2/', { headers: { origin } });
    assert.equal(headers.get('access-control-allow-origin'), '*');
    assert.equal(headers.get('access-control-allow-credentials'), null);
  });
});
