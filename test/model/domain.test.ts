import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalDomain, parseRegistryName } from '../../src/model/domain.ts';
import { failure } from '../support/failure.ts';

const names: readonly (readonly [text: string, name: string])[] = [
  ['docker.io', 'docker.io'],
  ['index.docker.io', 'docker.io'],
  ['registry-1.docker.io', 'docker.io'],
  ['https://index.docker.io/v1/', 'docker.io'],
  ['https://registry-1.docker.io/v2/', 'docker.io'],
  ['ghcr.io', 'ghcr.io'],
  ['https://ghcr.io', 'ghcr.io'],
  ['HTTPS://quay.io/', 'quay.io'],
  ['http://localhost:5000/v2', 'localhost:5000'],
  ['localhost', 'localhost'],
  ['localhost:5000', 'localhost:5000'],
  ['[::1]:5000', '[::1]:5000'],
  ['registry:5000', 'registry:5000'],
];

for (const [text, name] of names) {
  test(`NAME-6: reads ${text} as ${name}`, () => assert.equal(parseRegistryName(text), name));
}

for (const text of [
  '',
  'alpine',
  'ghcr.io/app',
  'https://',
  'ftp://ghcr.io',
  'ghcr.io//',
  'ghcr.io/v3/',
  'ɡcr.io',
  'a b.c',
  'ghcr.io\n',
  'ghcr.io?x',
  'ghcr.io#x',
  '..',
]) {
  test(`NAME-6: refuses ${JSON.stringify(text)} as a registry`, () => {
    assert.ok(failure('REFERENCE_INVALID', () => parseRegistryName(text)).hint);
  });
}

test('NAME-6: refuses a user name in an address, and does not repeat the password', () => {
  for (const text of ['https://me:hunter2@ghcr.io', 'me:hunter2@ghcr.io']) {
    assert.doesNotMatch(failure('REFERENCE_INVALID', () => parseRegistryName(text)).message, /hunter2/);
  }
});

test('NAME-6: knows the aliases of Docker Hub, and no look-alikes', () => {
  assert.equal(canonicalDomain('Index.Docker.io'), 'docker.io');
  for (const other of ['docker.io.evil.com', 'xdocker.io', 'hub.docker.io', 'docker.io:443']) {
    assert.equal(canonicalDomain(other), other);
  }
});
