import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createHosts } from '../../src/http/hosts.ts';
import { hop } from '../../src/http/hop.ts';
import { failure } from '../support/failure.ts';

describe('the host of a registry', () => {
  test('is where its name says, over https', () => {
    const { name, origin, pathPrefix, plainHttp, named } = createHosts()('GHCR.io');
    assert.deepEqual(
      { name, origin, pathPrefix, plainHttp, named },
      { name: 'ghcr.io', origin: 'https://ghcr.io', pathPrefix: '', plainHttp: false, named: false },
    );
  });

  for (const alias of [
    'docker.io',
    'index.docker.io',
    'registry-1.docker.io',
    'https://index.docker.io/v1/',
    'https://registry-1.docker.io',
  ]) {
    test(`is Docker Hub for ${alias}`, () => {
      const { name, origin } = createHosts()(alias);
      assert.deepEqual({ name, origin }, { name: 'docker.io', origin: 'https://registry-1.docker.io' });
    });
  }

  test('CONN-2 GO-21: is spoken to over http on this machine only, unless the user says otherwise', () => {
    const origins = (...names: string[]): string[] => names.map((name) => createHosts()(name).origin);
    assert.deepEqual(origins('localhost:5000', 'localhost', '127.0.0.1:5000', '127.8.9.1', '[::1]:5000'), [
      'http://localhost:5000',
      'http://localhost',
      'http://127.0.0.1:5000',
      'http://127.8.9.1',
      'http://[::1]:5000',
    ]);
    assert.deepEqual(origins('localhost.example.com', '10.0.0.1:5000', '0.0.0.0:5000', 'http://reg.test'), [
      'https://localhost.example.com',
      'https://10.0.0.1:5000',
      'https://0.0.0.0:5000',
      'https://reg.test',
    ]);
    const set = createHosts({ 'reg.test:5000': { plainHttp: true }, localhost: { plainHttp: false } });
    assert.equal(set('reg.test:5000').origin, 'http://reg.test:5000');
    assert.equal(set('reg.test').origin, 'https://reg.test');
    assert.equal(set('localhost').origin, 'https://localhost');
  });

  test('may have the name of what every object has', () => {
    for (const name of ['constructor', 'valueof', 'hasownproperty', 'tostring']) {
      const { origin, realms } = createHosts()(`${name}:443`);
      assert.deepEqual({ origin, realms }, { origin: `https://${name}`, realms: [] });
      assert.deepEqual(createHosts({ [`${name}:80`]: {} })(`${name}:80`).realms, []);
    }
  });

  test('with a port that its URLs do not show is the one whose origin it is, unless a server named it', () => {
    const hosts = createHosts();
    const url = new URL('http://reg.test:443/');
    assert.equal(hop(new URL('https://reg.test'), url, { registry: 'https://reg.test', hosts }).allowed, false);
    assert.equal(hosts('https://reg.test').name, 'reg.test');
    assert.equal(hosts('reg.test:443').name, 'reg.test:443');
    assert.equal(hosts('https://reg.test').name, 'reg.test:443');
  });

  test('B1 CONN-1 GO-22: may be elsewhere, under a path, and is found by where it is', () => {
    const hosts = createHosts({
      'corp.test': { origin: 'https://art.corp.test:8443/api/docker/hub/v2/', headers: { 'X-Team': 'a' } },
      'docker.io': { pathPrefix: 'proxy/', realms: ['login.test'] },
    });
    const { name, origin, pathPrefix, headers, named } = hosts('https://art.corp.test:8443');
    assert.deepEqual(
      { name, origin, pathPrefix, headers, named },
      {
        name: 'corp.test',
        origin: 'https://art.corp.test:8443',
        pathPrefix: '/api/docker/hub',
        headers: { 'x-team': 'a' },
        named: true,
      },
    );
    assert.equal(hosts('https://registry-1.docker.io').pathPrefix, '/proxy');
    assert.deepEqual(hosts('index.docker.io').realms, ['login.test']);
  });

  test('has mirrors, written in every way that other tools have', () => {
    const hosts = createHosts({
      'docker.io': {
        mirrors: [
          'mirror.test',
          'http://cache.test:5000',
          'harbor.test/hub',
          'https://art.test/api/v2/hub',
          'https://art.test:1/api',
        ],
      },
      'mirror.test': { mirrors: ['never.test'], headers: { 'x-key': '1' } },
    });
    const shown = hosts('docker.io').mirrors.map((host) => [host.origin, host.pathPrefix, host.repositoryPrefix]);
    assert.deepEqual(shown, [
      ['https://mirror.test', '', ''],
      ['http://cache.test:5000', '', ''],
      ['https://harbor.test', '', '/hub'],
      ['https://art.test', '/api', '/hub'],
      ['https://art.test:1', '/api', ''],
    ]);
    assert.deepEqual(hosts('docker.io').mirrors[0]?.headers, { 'x-key': '1' });
    assert.deepEqual(hosts('docker.io').mirrors[0]?.mirrors, []);
    assert.equal(hosts('http://cache.test:5000').plainHttp, true);
  });
});

test('what is no registry has no host', () => {
  const hosts = createHosts();
  for (const text of [
    '',
    'a b',
    'reg.test/../x@evil',
    'user@reg.test',
    'https://user:pw@reg.test',
    'file:///x',
    'reg.test?x',
    'reg.test\r\n',
    '-x',
    'ɡcr.io',
  ]) {
    failure('REFERENCE_INVALID', () => hosts(text));
  }
  for (const origin of ['ftp://x', 'reg.test', 'https://user:pw@x'])
    failure('CONFIG_INVALID', () => createHosts({ 'a.test': { origin } }));
});
