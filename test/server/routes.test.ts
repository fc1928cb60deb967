import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createApi, errorCodes } from '../support/api.ts';

const digest = `sha256:${'a'.repeat(64)}`;

describe('the paths of the API', () => {
  const api = createApi();

  it('answers the base path with an object and the version of the protocol', async () => {
    for (const path of ['/v2/', '/v2']) {
      const { status, headers, text } = await api.send('GET', path);
      assert.deepEqual([status, text], [200, '{}']);
      assert.equal(headers.get('docker-distribution-api-version'), 'registry/2.0');
      assert.equal(headers.get('content-type'), 'application/json');
      assert.equal(headers.get('content-length'), '2');
      assert.equal(headers.get('x-content-type-options'), 'nosniff');
    }
  });

  it('has nothing at any other path, and says so in plain text', async () => {
    const paths = ['/', '/v1/', '/v2/a', '/v2/a/tags', '/v2/a/tags/list/', '/v2//tags/list', '/v2/a/blobs/x/y/z'];
    for (const path of paths) {
      const { status, headers } = await api.send('GET', path);
      assert.equal(status, 404, path);
      assert.equal(headers.get('content-type'), 'text/plain; charset=utf-8', path);
    }
  });

  it('tells the methods of a path that has not the one asked for', async () => {
    const expected: readonly (readonly [string, string, string])[] = [
      ['POST', '/v2/', 'GET, HEAD'],
      ['DELETE', '/v2/_catalog', 'GET, HEAD'],
      ['PUT', '/v2/a/tags/list', 'GET, HEAD'],
      ['PATCH', '/v2/a/manifests/1', 'GET, HEAD, PUT, DELETE'],
      ['PUT', `/v2/a/blobs/${digest}`, 'GET, HEAD, DELETE'],
      ['GET', '/v2/a/blobs/uploads/', 'POST'],
      ['POST', '/v2/a/blobs/uploads/x', 'GET, HEAD, PATCH, PUT, DELETE'],
      ['DELETE', `/v2/a/referrers/${digest}`, 'GET, HEAD'],
    ];
    for (const [method, path, allow] of expected) {
      const answer = await api.send(method, path);
      assert.equal(answer.status, 405, path);
      assert.equal(answer.headers.get('allow'), allow, path);
      assert.deepEqual(errorCodes(answer), ['UNSUPPORTED']);
    }
  });

  it('gives a HEAD the status and headers of the GET, and no body', async () => {
    for (const path of ['/v2/', '/v2/_catalog', '/v2/none/tags/list', `/v2/none/referrers/${digest}`]) {
      const get = await api.send('GET', path);
      const head = await api.send('HEAD', path);
      assert.equal(head.status, get.status, path);
      assert.deepEqual([...head.headers], [...get.headers], path);
      assert.equal(head.bytes.length, 0);
      assert.equal(Number(head.headers.get('content-length')), get.bytes.length);
    }
  });
});

describe('names in a path', () => {
  const api = createApi();

  it('may be anything that the grammar allows, also the words of the API', async () => {
    for (const name of ['a', 'a/b/c', 'a__b/c.d-e', 'manifests/tags', 'x/blobs/uploads', 'tags/list/manifests/y']) {
      const { status, text } = await api.send('POST', `/v2/${name}/blobs/uploads/`);
      assert.equal(status, 202, `${name}: ${text}`);
    }
  });

  it('are refused when they are none', async () => {
    const names = ['A', 'a//b', 'a/', '-a', 'a/.b', 'a..b', 'a%2fb', 'a%00', 'a%20b', 'é', `${'a/'.repeat(128)}a`];
    for (const name of names) {
      const answer = await api.send('GET', `/v2/${name}/tags/list`);
      assert.equal(answer.status, 400, name);
      assert.deepEqual(errorCodes(answer), ['NAME_INVALID'], name);
    }
  });

  it('cannot climb out of their place: what a URL folds is another path, not another repository', async () => {
    assert.equal((await api.send('GET', '/v2/a/%2e%2e/b/tags/list')).status, 404);
    assert.equal((await api.send('GET', '/v2/a/../../secret/tags/list')).status, 404);
  });

  it('take the colon of a digest encoded too', async () => {
    const { status } = await api.send('GET', `/v2/a/blobs/${digest.replace(':', '%3A')}`);
    assert.equal(status, 404);
  });
});

describe('digests and tags in a path', () => {
  const api = createApi();
  const bad = [
    'sha256:abc',
    `sha256:${'A'.repeat(64)}`,
    `sha256:${'a'.repeat(63)}`,
    `sha256:${'a'.repeat(65)}`,
    `sha1:${'a'.repeat(40)}`,
    `sha512:${'a'.repeat(64)}`,
    `md5:${'a'.repeat(32)}`,
    'sha256:..%2f..%2fetc',
    `sha256+b64u:${'a'.repeat(43)}`,
    ':',
  ];

  it('are refused before anything is looked up', async () => {
    for (const name of bad) {
      for (const kind of ['blobs', 'manifests', 'referrers']) {
        const answer = await api.send('GET', `/v2/a/${kind}/${name}`);
        assert.equal(answer.status, 400, `${kind}/${name}`);
        assert.deepEqual(errorCodes(answer), ['DIGEST_INVALID'], `${kind}/${name}`);
      }
    }
  });

  it('must be a tag where they are no digest', async () => {
    for (const tag of ['-a', '.a', 'a%20b', 'a+b', 'a'.repeat(129)]) {
      const answer = await api.send('PUT', `/v2/a/manifests/${tag}`, { body: '{}' });
      assert.equal(answer.status, 400, tag);
      assert.deepEqual(errorCodes(answer), ['MANIFEST_INVALID'], tag);
    }
    assert.equal((await api.send('GET', `/v2/a/manifests/${'a'.repeat(128)}`)).status, 404);
  });
});
