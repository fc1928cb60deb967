import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fixedCredentials } from '../../src/http/credentials.ts';
import { coversScopes, demandedScopes, mergeScopes, repositoryOf, scopesKey } from '../../src/http/scope.ts';

test('a set of scopes is enough for a smaller one of the same repositories', () => {
  const has = ['repository:a/b:pull,push', 'repository:localhost:5000/c:*', 'registry:catalog:*'];
  for (const wants of [
    ['repository:a/b:pull'],
    ['repository:a/b:push,pull'],
    ['repository:localhost:5000/c:delete'],
    ['registry:catalog:*'],
    [],
  ]) {
    assert.ok(coversScopes(has, wants), wants.join());
  }
  for (const wants of [
    ['repository:a/b:delete'],
    ['repository:a:pull'],
    ['repository:a/b/c:pull'],
    ['repository:a/b:pull', 'repository:x:pull'],
    ['repository:a/b:*'],
  ]) {
    assert.ok(!coversScopes(has, wants), wants.join());
  }
});

test('two sets become one, each resource once, the first first', () => {
  assert.deepEqual(mergeScopes(['repository:a:pull'], ['repository:b:pull', 'repository:a:push,pull']), [
    'repository:a:pull,push',
    'repository:b:pull',
  ]);
  assert.deepEqual(mergeScopes([], []), []);
});

test('the registry is believed about names, and the request about what else it needs', () => {
  assert.deepEqual(demandedScopes(['repository:a:pull', 'repository:b:pull'], ['repository:a:pull,push']), [
    'repository:a:pull,push',
    'repository:b:pull',
  ]);
  assert.deepEqual(demandedScopes(['repository:a:pull'], ['repository:hub/a:pull']), ['repository:hub/a:pull']);
  assert.deepEqual(demandedScopes(['repository:a:pull'], []), ['repository:a:pull']);
});

test('equal sets have equal keys', () => {
  assert.equal(
    scopesKey(['repository:a:push,pull', 'repository:b:pull']),
    scopesKey(['repository:b:pull', 'repository:a:pull', 'repository:a:push']),
  );
  assert.notEqual(scopesKey(['repository:a:pull']), scopesKey(['repository:a:pull,push']));
});

test('the repository of a set is its first', () => {
  assert.equal(repositoryOf(['registry:catalog:*', 'repository:a/b:pull', 'repository:c:pull']), 'a/b');
  assert.equal(repositoryOf(['registry:catalog:*']), undefined);
  assert.equal(repositoryOf(undefined), undefined);
});

test('fixed credentials are found by the longest name that fits, and no other', async () => {
  const at = (username: string) => ({ username, password: '' });
  const find = fixedCredentials({
    'https://index.docker.io/v1/': at('hub'),
    'reg.example.com': at('host'),
    'reg.example.com/team': at('team'),
    'reg.example.com/team/app': at('app'),
    'reg.example.com:5000': at('port'),
  });
  const found = async (host: string, repository?: string): Promise<unknown> => {
    const credential = await find(host, repository === undefined ? {} : { repository });
    return credential !== undefined && 'username' in credential ? credential.username : undefined;
  };
  for (const [host, repository, user] of [
    ['docker.io', 'library/alpine', 'hub'],
    ['reg.example.com', undefined, 'host'],
    ['reg.example.com', 'other', 'host'],
    ['reg.example.com', 'team', 'team'],
    ['reg.example.com', 'team/x', 'team'],
    ['reg.example.com', 'teams/x', 'host'],
    ['reg.example.com', 'team/app/x', 'app'],
    ['reg.example.com:5000', 'team/app', 'port'],
    ['evil-reg.example.com', undefined, undefined],
    ['reg.example.com.evil.io', undefined, undefined],
    ['reg.example.com:443', undefined, undefined],
  ] as const) {
    assert.equal(await found(host, repository), user, `${host} ${repository}`);
  }
});
