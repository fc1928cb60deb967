import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { digestOf } from '../../src/bytes/hash.ts';
import type { Access, AccessRoute, Action } from '../../src/server/access.ts';
import { basicAccess } from '../../src/server/basic-access.ts';
import { OCI_MANIFEST } from '../../src/model/media-types.ts';
import { createMemoryRegistry } from '../../src/store/memory.ts';
import { buildImage, putImage } from '../../src/testing/fixtures.ts';
import { type Api, createApi, errorCodes } from '../support/api.ts';
import { basic } from '../support/real/raw-request.ts';

const layer = new Uint8Array([1, 2, 3]);
const image = await buildImage({ layers: [layer] });
const manifest = image.descriptor.digest;
const blob = image.blobs[1]?.descriptor.digest ?? '';
const newBlob = digestOf(layer);

/** Every route with every method it has, and what that needs. */
const requests: readonly (readonly [Action, string, string])[] = [
  ['ping', 'GET', '/v2/'],
  ['ping', 'HEAD', '/v2/'],
  ['catalog', 'GET', '/v2/_catalog'],
  ['catalog', 'HEAD', '/v2/_catalog'],
  ['pull', 'GET', '/v2/team/app/tags/list'],
  ['pull', 'HEAD', '/v2/team/app/tags/list'],
  ['pull', 'GET', '/v2/team/app/manifests/v1'],
  ['pull', 'HEAD', '/v2/team/app/manifests/v1'],
  ['pull', 'GET', `/v2/team/app/manifests/${manifest}`],
  ['pull', 'HEAD', `/v2/team/app/manifests/${manifest}`],
  ['pull', 'GET', `/v2/team/app/blobs/${blob}`],
  ['pull', 'HEAD', `/v2/team/app/blobs/${blob}`],
  ['pull', 'GET', `/v2/team/app/referrers/${manifest}`],
  ['pull', 'HEAD', `/v2/team/app/referrers/${manifest}`],
  ['push', 'POST', '/v2/team/app/blobs/uploads/'],
  ['push', 'POST', `/v2/team/app/blobs/uploads/?digest=${newBlob}`],
  ['push', 'POST', `/v2/team/app/blobs/uploads/?mount=${blob}&from=team/other`],
  ['push', 'GET', '/v2/team/app/blobs/uploads/ID'],
  ['push', 'HEAD', '/v2/team/app/blobs/uploads/ID'],
  ['push', 'PATCH', '/v2/team/app/blobs/uploads/ID'],
  ['push', 'PUT', `/v2/team/app/blobs/uploads/ID?digest=${newBlob}`],
  ['push', 'DELETE', '/v2/team/app/blobs/uploads/ID'],
  ['push', 'PUT', '/v2/team/app/manifests/v2'],
  ['push', 'PUT', `/v2/team/app/manifests/${manifest}`],
  ['delete', 'DELETE', '/v2/team/app/manifests/v1'],
  ['delete', 'DELETE', `/v2/team/app/manifests/${manifest}`],
  ['delete', 'DELETE', `/v2/team/app/blobs/${blob}`],
];

const roles: Readonly<Record<string, readonly Action[]>> = {
  nobody: [],
  guest: ['ping'],
  reader: ['ping', 'pull'],
  lister: ['ping', 'catalog'],
  writer: ['ping', 'pull', 'push'],
  dropbox: ['ping', 'push'],
  cleaner: ['ping', 'delete'],
  admin: ['ping', 'pull', 'push', 'delete', 'catalog'],
};

async function apiFor(access: Access): Promise<{ api: Api; fill: (path: string) => string; asked: AccessRoute[] }> {
  const registry = createMemoryRegistry();
  const store = registry.repository('team/app');
  await putImage(store, { layers: [layer], tags: ['v1'] });
  const { id } = await store.ingest();
  const asked: AccessRoute[] = [];
  const api = createApi({
    registry,
    access: (request, route, info) => {
      asked.push(route);
      return access(request, route, info);
    },
  });
  return { api, fill: (path) => path.replace('ID', id), asked };
}

function request(method: string): Parameters<Api['send']>[2] {
  if (method === 'PUT') return { headers: { 'content-type': OCI_MANIFEST }, body: image.manifest.bytes };
  return method === 'POST' || method === 'PATCH' ? { body: layer } : {};
}

describe('every route and method', () => {
  for (const [role, actions] of Object.entries(roles)) {
    it(`is open to ${role} as far as may be (${actions.join(', ') || 'nothing'})`, async () => {
      for (const [action, method, path] of requests) {
        const access: Access = async (_, route) => ({ outcome: actions.includes(route.action) ? 'allowed' : 'denied' });
        const { api, fill, asked } = await apiFor(access);
        const { status } = await api.send(method, fill(path), request(method));
        const where = `${method} ${path}`;
        if (actions.includes(action)) assert.ok(status <= 400, `${where}: ${status}`);
        else assert.equal(status, 403, where);
        assert.equal(asked[0]?.action, action, where);
        assert.equal(asked[0]?.repository, path.includes('team/app') ? 'team/app' : undefined, where);
      }
    });
  }

  it('does nothing when it is refused', async () => {
    for (const decision of [{ outcome: 'denied' }, { outcome: 'challenge', challenges: ['Basic'] }] as const) {
      const { api, fill } = await apiFor(async () => decision);
      for (const [, method, path] of requests) await api.send(method, fill(path), request(method));
      const store = api.registry.repository('team/app');
      assert.equal((await store.resolve('v1'))?.digest, manifest);
      assert.equal(await store.resolve('v2'), undefined);
      assert.notEqual(await store.stat(image.blobs[1]?.descriptor.digest ?? newBlob), undefined);
      const ingest = await store.resumeIngest(fill('ID'));
      assert.equal(ingest?.size, 0);
    }
  });

  it('is closed when the decision fails', async () => {
    const { api, fill } = await apiFor(async () => {
      throw new Error('the user database at db.internal is down');
    });
    for (const [, method, path] of requests) {
      const { status, text } = await api.send(method, fill(path), request(method));
      assert.equal(status, 500);
      assert.ok(!text.includes('db.internal'));
    }
  });
});

describe('a refusal', () => {
  it('is 401 with every challenge, or 403 DENIED', async () => {
    const challenges = ['Bearer realm="https://auth.test/token"', 'Basic realm="r"'];
    const challenged = createApi({ access: async () => ({ outcome: 'challenge', challenges }) });
    const answer = await challenged.send('GET', '/v2/');
    assert.deepEqual([answer.status, errorCodes(answer)], [401, ['UNAUTHORIZED']]);
    assert.equal(answer.headers.get('www-authenticate'), challenges.join(', '));
    const denied = await createApi({ access: async () => ({ outcome: 'denied' }) }).send('GET', '/v2/');
    assert.deepEqual([denied.status, errorCodes(denied)], [403, ['DENIED']]);
    assert.equal(denied.headers.get('www-authenticate'), null);
  });
});

describe('access by password', () => {
  let checked: string[];
  let access: Access;

  beforeEach(() => {
    checked = [];
    access = basicAccess({
      realm: 'Hold "3"',
      check: async (username, password) => {
        checked.push(`${username}/${password}`);
        return password === 'pass:wörd';
      },
      allow: (username, { action }) => username === 'ann' || action === 'pull',
    });
  });

  const status = async (action: 'pull' | 'push', authorization?: string): Promise<number> => {
    const { api } = await apiFor(access);
    const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
    const [method, path] =
      action === 'pull' ? ['GET', '/v2/team/app/tags/list'] : ['POST', '/v2/team/app/blobs/uploads/'];
    return (await api.send(method ?? '', path ?? '', { headers })).status;
  };

  it('lets in who knows it, with a colon and in UTF-8', async () => {
    assert.equal(await status('push', basic('ann', 'pass:wörd')), 202);
    assert.equal(await status('push', basic('ann', 'pass:wörd').replace('Basic ', 'bAsIc  ')), 202);
    assert.deepEqual(checked, ['ann/pass:wörd', 'ann/pass:wörd']);
  });

  it('asks who has none, except for what anybody may', async () => {
    assert.equal(await status('pull'), 200);
    assert.equal(await status('push'), 401);
    assert.deepEqual(checked, []);
  });

  it('takes a wrong password for no reason to let anybody in, not even as nobody', async () => {
    assert.equal(await status('pull', basic('ann', 'wrong')), 401);
  });

  it('refuses who is known and may not', async () => {
    assert.equal(await status('push', basic('bob', 'pass:wörd')), 403);
  });

  for (const header of [
    'Basic',
    'Basic !',
    'Basic YQ==',
    'Basic //79',
    'Basic /zr/',
    'Bearer abc',
    'Basic YTpi YTpi',
    '',
  ]) {
    it(`asks again when the header is ${JSON.stringify(header)}`, async () => {
      assert.equal(await status('push', header), 401);
      assert.deepEqual(checked, []);
    });
  }

  it('tells its realm', async () => {
    const { api } = await apiFor(access);
    const { headers } = await api.send('POST', '/v2/team/app/blobs/uploads/');
    assert.equal(headers.get('www-authenticate'), 'Basic realm="Hold \\"3\\"", charset="UTF-8"');
  });
});
