import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { tokenAccess, type TokenGrant } from '../../src/server/token-access.ts';
import { createApi } from '../support/api.ts';

const digest = `sha256:${'a'.repeat(64)}`;

/** Tokens are their grants in base64: what is tested is what is asked and what counts, not the signing. */
const token = (...grants: readonly TokenGrant[]): string => `Bearer ${btoa(JSON.stringify(grants))}`;
const repository = (name: string, ...actions: readonly string[]): TokenGrant => ({ type: 'repository', name, actions });

const access = tokenAccess({
  realm: 'https://auth.test/token',
  service: 'registry "one"',
  verify: async (text) => {
    try {
      return { grants: JSON.parse(atob(text)) as TokenGrant[], user: 'ann' };
    } catch {
      return undefined;
    }
  },
});

async function ask(method: string, path: string, authorization?: string): Promise<readonly [number, string | null]> {
  const api = createApi({ access });
  const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
  const answer = await api.send(method, path, { headers });
  return [answer.status, answer.headers.get('www-authenticate')];
}

const prefix = 'Bearer realm="https://auth.test/token",service="registry \\"one\\""';

describe('access by token', () => {
  const scopes: readonly (readonly [string, string, string])[] = [
    ['GET', '/v2/', ''],
    ['GET', '/v2/_catalog', ',scope="registry:catalog:*"'],
    ['HEAD', '/v2/a/b/manifests/1', ',scope="repository:a/b:pull"'],
    ['GET', '/v2/a/b/tags/list', ',scope="repository:a/b:pull"'],
    ['POST', '/v2/a/b/blobs/uploads/', ',scope="repository:a/b:pull,push"'],
    ['PATCH', '/v2/a/b/blobs/uploads/x', ',scope="repository:a/b:pull,push"'],
    ['PUT', '/v2/a/b/manifests/1', ',scope="repository:a/b:pull,push"'],
    ['DELETE', '/v2/a/b/manifests/1', ',scope="repository:a/b:delete"'],
    [
      'POST',
      `/v2/a/b/blobs/uploads/?mount=${digest}&from=c/d`,
      ',scope="repository:a/b:pull,push repository:c/d:pull"',
    ],
  ];
  for (const [method, path, scope] of scopes) {
    it(`asks for what ${method} ${path} needs`, async () => {
      assert.deepEqual(await ask(method, path), [401, prefix + scope]);
    });
  }

  it('is given by a token that grants it, in one grant or several', async () => {
    const [status] = await ask('POST', '/v2/a/b/blobs/uploads/', token(repository('a/b', 'pull', 'push')));
    assert.equal(status, 202);
    const several = token(repository('x', 'pull'), repository('a/b', 'push'), repository('a/b', 'pull'));
    assert.equal((await ask('POST', '/v2/a/b/blobs/uploads/', several))[0], 202);
    assert.equal((await ask('DELETE', '/v2/a/b/manifests/1', token(repository('a/b', '*'))))[0], 404);
    const catalog = token({ type: 'registry', name: 'catalog', actions: ['*'] });
    assert.equal((await ask('GET', '/v2/_catalog', catalog))[0], 200);
    assert.equal((await ask('GET', '/v2/', token()))[0], 200);
  });

  const insufficient = [
    ['of another repository', token(repository('a', 'pull', 'push'), repository('a/b/c', 'pull', 'push'))],
    ['of a part of it', token(repository('a/b', 'push'))],
    ['of another type', token({ type: 'registry', name: 'a/b', actions: ['*'] })],
    ['of nothing', token()],
  ] as const;
  for (const [name, header] of insufficient) {
    it(`is not given by a token ${name}`, async () => {
      const scope = ',scope="repository:a/b:pull,push",error="insufficient_scope"';
      assert.deepEqual(await ask('POST', '/v2/a/b/blobs/uploads/', header), [401, prefix + scope]);
    });
  }

  for (const header of ['Bearer x', 'Bearer', 'Basic YTpi', 'Bearer a b', `bearer ${btoa('no')}`]) {
    it(`is not given by ${header}`, async () => {
      assert.deepEqual(await ask('GET', '/v2/', header), [401, `${prefix},error="invalid_token"`]);
    });
  }
});
