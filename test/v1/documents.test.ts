import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Activity } from '../../src/model/call.ts';
import { rejection } from '../support/failure.ts';
import { type Answer, json } from '../support/scripted-transport.ts';
import { indexed, v1Script, type V1Script } from '../support/v1-script.ts';

const id = 'e'.repeat(64);
const other = 'f'.repeat(64);
const base = 'https://reg.test/v1';

function withAnswer(path: string, answer: Answer): V1Script {
  return v1Script({ [`${base}/repositories/a/b/images`]: indexed('reg.test'), [`${base}/${path}`]: answer });
}

function listening(): { readonly warnings: string[]; readonly on: (activity: Activity) => void } {
  const warnings: string[] = [];
  return { warnings, on: (activity) => void (activity.type === 'warning' && warnings.push(activity.text)) };
}

describe('an id or a name from the caller', () => {
  test('is checked before it becomes a path', async () => {
    const { client, wire } = v1Script({});
    for (const wrong of ['', 'e'.repeat(63), 'E'.repeat(64), `${'e'.repeat(60)}/../`, '../../users/', `${id}\n`]) {
      await rejection('REFERENCE_INVALID', client.ancestry('reg.test/a/b', wrong));
      await rejection('REFERENCE_INVALID', client.json('reg.test/a/b', wrong));
      await rejection('REFERENCE_INVALID', client.layer('reg.test/a/b', wrong));
    }
    for (const wrong of ['', '../x', 'a/b', 'a?b']) {
      await rejection('REFERENCE_INVALID', client.imageId('reg.test/a/b', wrong));
    }
    for (const wrong of ['reg.test/a/../b', 'reg.test/A', 'reg.test/a?b', 'reg.test//x', '']) {
      await rejection('REFERENCE_INVALID', client.tags(wrong));
    }
    for (const path of ['../../x', 'a/../b', 'A', 'a?b', 'a#b', '/x', '', 'a%2f..%2fb']) {
      await rejection('REFERENCE_INVALID', client.tags({ domain: 'reg.test', path }));
    }
    for (const domain of ['reg.test/x', 'a@reg.test', 'reg', '']) {
      await rejection('REFERENCE_INVALID', client.tags({ domain, path: 'a' }));
    }
    assert.deepEqual(wire.lines(), []);
  });

  test('means the same in a reference made by hand', async () => {
    const images = 'https://index.docker.io/v1/repositories/library/alpine/images';
    const { client, wire } = v1Script({ [images]: json([{ id }]) });
    for (const name of [
      'alpine',
      { domain: 'docker.io', path: 'alpine' },
      { domain: 'Index.Docker.io', path: 'library/alpine' },
    ])
      assert.deepEqual(await client.images(name), [{ id }]);
    assert.deepEqual(new Set(wire.lines()), new Set([`GET ${images}`]));
  });
});

describe('a list of tags', () => {
  test('may be a list of pairs (hub_registry_spec)', async () => {
    const { client } = withAnswer('repositories/a/b/tags', json([{ layer: id, name: 'latest' }]));
    assert.deepEqual(await client.tags('reg.test/a/b'), { latest: id });
  });

  test('holds tags and ids only: all else is told of and left out', async () => {
    const { warnings, on } = listening();
    const answer = json({ latest: id, '../x': id, short: '9e89cc6f', none: null });
    assert.deepEqual(await withAnswer('repositories/a/b/tags', answer).client.tags('reg.test/a/b', { on }), {
      latest: id,
    });
    assert.match(warnings.join(), /skipped 3 entries in the tags of reg\.test\/a\/b/);
  });

  test('with strange names is a plain map all the same', async () => {
    const body = `{"__proto__":"${id}","constructor":"${other}"}`;
    const tags = await withAnswer('repositories/a/b/tags', { body }).client.tags('reg.test/a/b');
    assert.deepEqual(Object.entries(tags), [
      ['__proto__', id],
      ['constructor', other],
    ]);
    assert.equal(Object.getPrototypeOf(tags), Object.prototype);
  });

  test('that is none is an error', async () => {
    for (const answer of [json('x'), json(null), { body: 'no JSON' }]) {
      const { client, wire } = withAnswer('repositories/a/b/tags', answer);
      await rejection('PROTOCOL', client.tags('reg.test/a/b'));
      assert.equal(wire.open(), 0);
    }
  });
});

test('a list of images leaves out what is no image', async () => {
  const { warnings, on } = listening();
  const images = [{ id, checksum: 'x' }, { id: 'ertwetewtwe387' }, 7, { id: other, checksum: '' }];
  const { client } = v1Script({ [`${base}/repositories/a/b/images`]: json(images) });
  assert.deepEqual(await client.images('reg.test/a/b', { on }), [{ id, checksum: 'x' }, { id: other }]);
  assert.match(warnings.join(), /skipped 2 entries in the images of reg\.test\/a\/b/);
});

test('the image of a tag is an id', async () => {
  for (const wrong of [json('9e89cc6f'), json({ id }), json(null)]) {
    const { client } = withAnswer('repositories/a/b/tags/latest', wrong);
    await rejection('PROTOCOL', client.imageId('reg.test/a/b', 'latest'));
  }
});

test('an ancestry begins with the image, and goes round in no circle', async () => {
  for (const wrong of [json([]), json([other]), json([id, other, id]), json([id, '../x']), json({}), json(null)]) {
    const { client } = withAnswer(`images/${id}/ancestry`, wrong);
    await rejection('PROTOCOL', client.ancestry('reg.test/a/b', id));
  }
});

test('what is nested without bound is skipped in a list, and no description', async () => {
  const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
  const { warnings, on } = listening();
  const { client } = v1Script({
    [`${base}/repositories/a/b/images`]: { ...indexed('reg.test'), body: `[${deep},{"id":${deep}},{"id":"${id}"}]` },
    [`${base}/repositories/a/b/tags`]: { body: `{"x":${deep},"latest":"${id}"}` },
    [`${base}/images/${id}/json`]: { body: `{"id":"${id}","config":${deep}}` },
  });
  assert.deepEqual(await client.images('reg.test/a/b', { on }), [{ id }]);
  assert.deepEqual(await client.tags('reg.test/a/b', { on }), { latest: id });
  assert.deepEqual(warnings, [
    'skipped 2 entries in the images of reg.test/a/b',
    'skipped 1 entries in the tags of reg.test/a/b, e.g. "x"',
  ]);
  await rejection('PROTOCOL', client.json('reg.test/a/b', id));
});

test('the bytes of a description are a copy of their own, whatever the transport gives', async () => {
  const { client } = withAnswer(`images/${id}/json`, { body: Buffer.from(`{"id":"${id}"}`) });
  const { bytes } = await client.json('reg.test/a/b', id);
  assert.equal(Object.getPrototypeOf(bytes), Uint8Array.prototype);
  assert.equal(bytes.buffer.byteLength, bytes.length);
});

test('a description is that of the image', async () => {
  for (const wrong of [json({ id: other }), json([]), { body: '{' }]) {
    const { client } = withAnswer(`images/${id}/json`, wrong);
    await rejection('PROTOCOL', client.json('reg.test/a/b', id));
  }
  const strange: Answer = {
    ...json({ id }),
    headers: { 'x-docker-size': '-1', 'x-docker-checksum': 'tarsum+sha256:1' },
  };
  const { size, checksum } = await withAnswer(`images/${id}/json`, strange).client.json('reg.test/a/b', id);
  assert.deepEqual([size, checksum], [undefined, 'tarsum+sha256:1']);
});

test('the headers of an answer are shown, the secrets among them replaced', async () => {
  const answer: Answer = {
    ...json({ id }),
    headers: { 'x-docker-token': 'CANARY', 'x-docker-registry-version': '0.9.1' },
  };
  const { response } = await withAnswer(`images/${id}/json`, answer).client.json('reg.test/a/b', id);
  assert.deepEqual({ ...response.headers }, { 'x-docker-token': 'REDACTED', 'x-docker-registry-version': '0.9.1' });
});

test('no document is read without an end', async () => {
  const { client, wire } = v1Script(
    { [`${base}/repositories/a/b/images`]: json(Array<string>(100).fill(id)) },
    { limits: { documentBytes: 1000 } },
  );
  await rejection('TOO_LARGE', client.images('reg.test/a/b'));
  assert.equal(wire.open(), 0);
});

test('a page of HTML where nothing is found is not shown', async () => {
  const html = { status: 404, headers: { 'content-type': 'text/html' }, body: '<html>CANARY</html>' };
  const { client } = withAnswer('repositories/a/b/tags', html);
  const error = await rejection('NOT_FOUND', client.tags('reg.test/a/b'));
  assert.match(error.message, /^cannot read the tags of reg\.test\/a\/b: reg\.test answered 404$/);
});
