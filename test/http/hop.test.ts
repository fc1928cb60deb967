import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createHosts } from '../../src/http/hosts.ts';
import { follow, hop } from '../../src/http/hop.ts';
import { failure } from '../support/failure.ts';

const hosts = createHosts();
const reg = 'https://reg.test';
const verdict = (to: string, registry = reg, from = `${registry}/v2/a/blobs/uploads/1`, known = hosts): unknown => {
  const found = hop(new URL(from), new URL(to), { registry, hosts: known });
  return found.allowed ? found.trusted : found.reason;
};

describe('a hop from a public registry', () => {
  test('to its own origin is trusted, and to nothing else', () => {
    assert.equal(verdict('https://reg.test/x'), true);
    assert.equal(verdict('https://reg.test:443/x'), true);
    for (const other of [
      'https://cdn.test/',
      'https://reg.test:8443/',
      'https://a.reg.test/',
      'https://reg.test.evil.test/',
    ]) {
      assert.equal(verdict(other), false, other);
    }
  });

  test('does not leave https, also when the host on the way did', () => {
    assert.match(String(verdict('http://cdn.test/')), /leave https/);
    assert.match(String(verdict('http://reg.test/')), /leave https/);
    assert.match(String(verdict('http://cdn.test/', reg, 'http://plain.test/')), /leave https/);
    const known = createHosts({ 'cdn.test': { plainHttp: true } });
    assert.equal(verdict('http://cdn.test/', reg, undefined, known), false);
  });

  const inside = ['127.0.0.1', '2130706433', '0x7f.1', '127.1', '[::1]', '[::ffff:169.254.169.254]', '169.254.169.254'];
  const more = [
    'localhost',
    'localhost.',
    '10.0.0.1',
    '[fd00:ec2::254]',
    '0.0.0.0',
    '１２７.０.０.１',
    'metadata.google.internal',
  ];
  for (const host of [...inside, ...more]) {
    test(`does not go inside, to ${host}`, () => assert.match(String(verdict(`https://${host}/`)), /not in public/));
  }

  test('goes where the user has named the host', () => {
    const known = createHosts({ '10.0.0.1:9000': { plainHttp: true } });
    assert.equal(verdict('http://10.0.0.1:9000/', reg, undefined, known), false);
    assert.match(String(verdict('https://10.0.0.1/', reg, undefined, known)), /not in public/);
  });

  test('takes no user name along, and no other scheme', () => {
    assert.match(String(verdict('https://reg.test@evil.test/')), /user name/);
    assert.match(String(verdict('https://user:pw@reg.test/')), /user name/);
    assert.match(String(verdict('file:///etc/passwd')), /not http/);
    assert.match(String(verdict('javascript:alert(1)')), /not http/);
  });
});

test('a registry on this machine may send us around in it, and one in a private network in that', () => {
  assert.equal(verdict('http://127.0.0.1:9000/', 'http://localhost:5000'), false);
  assert.equal(verdict('https://cdn.test/', 'http://localhost:5000'), false);
  assert.match(String(verdict('http://169.254.169.254/', 'http://localhost:5000')), /not in public/);
  assert.equal(verdict('https://10.0.0.9/', 'https://10.0.0.1'), false);
  assert.equal(verdict('https://minio.internal/', 'https://registry.internal'), false);
  assert.match(String(verdict('https://127.0.0.1/', 'https://10.0.0.1')), /not in public/);
  assert.equal(verdict('https://192.168.0.1:8443/', 'https://192.168.0.1'), false);
});

describe('a location is resolved', () => {
  const from = 'https://reg.test/prefix/v2/a/blobs/uploads/';
  const locate = (location: string): string => follow(from, location, { registry: reg, hosts }).href;

  for (const [location, url] of [
    ['https://reg.test/v2/a/blobs/uploads/1', 'https://reg.test/v2/a/blobs/uploads/1'],
    ['https://reg.test:443/v2/a/blobs/uploads/1', 'https://reg.test/v2/a/blobs/uploads/1'],
    ['/v2/a/blobs/upload/1', 'https://reg.test/v2/a/blobs/upload/1'],
    ['../uploads/1', 'https://reg.test/prefix/v2/a/blobs/uploads/1'],
    ['//reg.test/u/1', 'https://reg.test/u/1'],
    ['?a=b%2Fc&_state=x+y%20z', 'https://reg.test/prefix/v2/a/blobs/uploads/?a=b%2Fc&_state=x+y%20z'],
    ['/u/1#part', 'https://reg.test/u/1'],
    ['https://cdn.test/u?X-Amz-Signature=ab%2Bc&n=1', 'https://cdn.test/u?X-Amz-Signature=ab%2Bc&n=1'],
  ] as const) {
    test(location, () => assert.equal(locate(location), url));
  }

  test('or refused with the way to allow it, and without the secrets in it', () => {
    const error = failure('REDIRECT_REFUSED', () => locate('http://cdn.test/u?X-Amz-Signature=CANARY'));
    assert.equal(error.hint, 'if that is what you want, allow it with --plain-http cdn.test');
    assert.match(error.message, /refused a redirect from reg\.test to http:\/\/cdn\.test\/u:/);
    const inside = failure('REDIRECT_REFUSED', () => locate('https://user:CANARY@10.0.0.1:8443/x'));
    assert.doesNotMatch(inside.message, /CANARY/);
    failure('PROTOCOL', () => locate('https://[::1/'));
  });
});
