/** What fuzzing has found that the corpora alone do not show: the value, not only that there is one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compressionOf, decompress } from '../../src/bytes/decompress.ts';
import { fromArray, readAll } from '../../src/bytes/read.ts';
import { zoneOfHost } from '../../src/http/address.ts';
import { hop } from '../../src/http/hop.ts';
import { createHosts } from '../../src/http/hosts.ts';
import { fetchToken } from '../../src/http/token.ts';
import type { Send } from '../../src/http/types.ts';
import { credentialOfEntry } from '../../src/node/credentials/auth-entry.ts';
import { matchingKeys } from '../../src/node/credentials/auth-keys.ts';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

test('zstd that begins with a frame to be skipped is unpacked', async () => {
  const skipped = Buffer.from('502a4d1802000000', 'hex');
  const frame = Buffer.concat([Buffer.from('28b52ffd2005290000', 'hex'), encode('hello')]);
  const whole = Buffer.concat([skipped, encode('xy'), frame]);
  assert.equal(compressionOf(whole), 'zstd');
  assert.equal(Buffer.from(await readAll(decompress(fromArray(whole)), 100, 'it')).toString(), 'hello');
});

test('a host is in its zone, however many dots are behind it', () => {
  assert.deepEqual(
    ['localhost', 'localhost.', 'localhost..', '127.0.0.1..'].map(zoneOfHost),
    Array(4).fill('loopback'),
  );
  assert.equal(zoneOfHost('reg.example.com..'), 'public');
});

test('what is told of a refused URL is bounded, however long its host or scheme is', () => {
  const policy = { registry: 'https://reg.test', hosts: createHosts() };
  for (const url of [`https://${'a'.repeat(20_000)}/x`, `${'a'.repeat(20_000)}:x`]) {
    const verdict = hop(new URL('https://reg.test/v2/'), new URL(url), policy);
    assert.ok(!verdict.allowed && verdict.reason.length < 400 && verdict.hint.length < 400);
  }
});

test('the padding of a password is taken off at both ends, and nothing within', () => {
  const auth = Buffer.from('u:\0\0p\0q\0\0\0').toString('base64');
  assert.deepEqual(credentialOfEntry({ auth }, 'k', 'file'), { username: 'u', password: 'p\0q' });
  assert.deepEqual(credentialOfEntry({ auth: Buffer.from('u:\0\0').toString('base64') }, 'k', 'file'), {
    username: 'u',
    password: '',
  });
});

test('keys are found the narrowest first, the canonical one before others', () => {
  const keys = ['https://ghcr.io', 'x', 'ghcr.io/team', 'ghcr.io', 'ghcr.io/team/app', 'ghcr.io/other'];
  assert.deepEqual(matchingKeys(keys, 'ghcr.io', 'team/app'), [
    'ghcr.io/team/app',
    'ghcr.io/team',
    'ghcr.io',
    'https://ghcr.io',
  ]);
});

test('a token server does not redirect to a blob: URL of its own origin', async () => {
  const send: Send = async ({ url }) => ({
    status: 302,
    headers: { location: 'blob:https://auth.test/token' },
    url,
    body: fromArray(new Uint8Array(0)),
    cancel: async () => undefined,
  });
  const request = {
    realm: new URL('https://auth.test/token'),
    scopes: [],
    registry: 'https://reg.test',
    name: 'reg.test',
    headers: {},
  };
  await assert.rejects(fetchToken(send, request), { code: 'REDIRECT_REFUSED' });
});
