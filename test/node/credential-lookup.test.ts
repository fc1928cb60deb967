import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dockerCredentials } from '../../src/node/credentials/docker-config.ts';
import { fakeHome } from '../support/fake-helper.ts';

/** Keys of one file; the password of each is the key itself. */
const keys = [
  'reg.example.com',
  'evil-reg.example.com',
  'reg.example.com.evil.io',
  'reg.example.com:5000',
  'reg.example.com/team',
  'reg.example.com/team/app',
  'reg.example.com/team/app/deep',
  'https://index.docker.io/v1/',
  'docker.io/library',
  'https://legacy.example.com/v1/',
  'http://plain.example.com',
  'https://v2.example.com/v2/',
  'https://scoped.example.com/team',
  'Upper.Example.COM',
  '[::1]:5000',
  'localhost:5000',
  'not a key',
];

const lookUps: readonly (readonly [host: string, repository: string | undefined, key: string | undefined])[] = [
  ['reg.example.com', undefined, 'reg.example.com'],
  ['reg.example.com', 'other/app', 'reg.example.com'],
  ['reg.example.com', 'team', 'reg.example.com/team'],
  ['reg.example.com', 'team/other', 'reg.example.com/team'],
  ['reg.example.com', 'team/app', 'reg.example.com/team/app'],
  ['reg.example.com', 'team/app/other', 'reg.example.com/team/app'],
  ['reg.example.com', 'team/app/deep', 'reg.example.com/team/app/deep'],
  ['reg.example.com', 'team/app/deep/er', 'reg.example.com/team/app/deep'],
  ['reg.example.com', 'teams', 'reg.example.com'],
  ['reg.example.com', 'team-b/app', 'reg.example.com'],
  ['evil-reg.example.com', 'team', 'evil-reg.example.com'],
  ['reg.example.com.evil.io', 'team', 'reg.example.com.evil.io'],
  ['reg.example.com:5000', 'team', 'reg.example.com:5000'],
  ['reg.example.com:5001', 'team', undefined],
  ['reg.example.com:443', undefined, undefined],
  ['example.com', undefined, undefined],
  ['g.example.com', undefined, undefined],
  ['reg.example.co', undefined, undefined],
  ['sub.reg.example.com', undefined, undefined],
  ['xreg.example.com', undefined, undefined],
  ['reg.example.com.', undefined, undefined],
  ['evil.io', 'reg.example.com/team', undefined],
  ['docker.io', undefined, 'https://index.docker.io/v1/'],
  ['index.docker.io', 'me/app', 'https://index.docker.io/v1/'],
  ['registry-1.docker.io', 'me/app', 'https://index.docker.io/v1/'],
  ['docker.io', 'library/alpine', 'docker.io/library'],
  ['docker.io.evil.com', undefined, undefined],
  ['hub.docker.io', undefined, undefined],
  ['legacy.example.com', 'a/b', 'https://legacy.example.com/v1/'],
  ['plain.example.com', undefined, 'http://plain.example.com'],
  ['v2.example.com', undefined, 'https://v2.example.com/v2/'],
  ['scoped.example.com', undefined, undefined],
  ['scoped.example.com', 'team/app', 'https://scoped.example.com/team'],
  ['upper.example.com', undefined, 'Upper.Example.COM'],
  ['UPPER.example.com', undefined, 'Upper.Example.COM'],
  ['[::1]:5000', undefined, '[::1]:5000'],
  ['localhost:5000', 'x', 'localhost:5000'],
  ['localhost', 'x', undefined],
];

const auths = Object.fromEntries(keys.map((key) => [key, { auth: Buffer.from(`user:${key}`).toString('base64') }]));

for (const [host, repository, key] of lookUps) {
  test(`${host}${repository === undefined ? '' : `/${repository}`} gets ${key ?? 'no credential'}`, async (context) => {
    const { env, home, write } = await fakeHome(context);
    await write('.docker/config.json', { auths });
    const found = await dockerCredentials({ env, home })(host, repository === undefined ? {} : { repository });
    assert.deepEqual(found, key === undefined ? undefined : { username: 'user', password: key });
  });
}
