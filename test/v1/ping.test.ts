import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { OciError } from '../../src/errors.ts';
import type { Activity } from '../../src/model/call.ts';
import { rejection } from '../support/failure.ts';
import { type Answer, json } from '../support/scripted-transport.ts';
import { v1Script } from '../support/v1-script.ts';

const status = 'https://reg.test/v1/_ping';
const v2: Answer = {
  status: 401,
  headers: { 'docker-distribution-api-version': 'registry/2.0', 'www-authenticate': 'Basic realm="r"' },
};
const page: Answer = { headers: { 'content-type': 'text/html; charset=utf-8' }, body: '<html>welcome</html>' };

describe('NODE-55: a registry that answers', () => {
  for (const [what, answer, standalone, version] of [
    ['says nothing of itself', json(true), true, undefined],
    [
      'says so in headers',
      { headers: { 'x-docker-registry-standalone': 'TRUE', 'x-docker-registry-version': '0.9.1' } },
      true,
      '0.9.1',
    ],
    ['has an index', { headers: { 'x-docker-registry-standalone': '0' } }, false, undefined],
    ['is a mirror', { headers: { 'x-docker-registry-standalone': 'mirror' } }, false, undefined],
    ['says so in its body', json({ version: '0.8', standalone: false }), false, '0.8'],
    [
      'says it in both',
      { ...json({ standalone: false }), headers: { 'x-docker-registry-standalone': '1' } },
      true,
      undefined,
    ],
  ] as const) {
    test(`and ${what}`, async () => {
      const { client } = v1Script({ [status]: answer });
      const told = await client.ping('reg.test');
      assert.deepEqual([told.standalone, told.version], [standalone, version]);
    });
  }

  test('and asks for a login gets it', async () => {
    const { client } = v1Script(
      {
        [status]: ({ headers }) =>
          headers.authorization === undefined ? { status: 401, headers: { 'www-authenticate': 'Basic' } } : json({}),
      },
      { credentials: async () => ({ username: 'u', password: 'p' }) },
    );
    assert.equal((await client.ping('reg.test')).standalone, true);
  });
});

describe('what speaks no v1', () => {
  test('NODE-12: but v2 is told with the way there', async () => {
    for (const answer of [{ status: 404 }, page]) {
      const { client, wire } = v1Script({ [status]: answer, 'https://reg.test/v2/': v2 });
      const error = await rejection('VERSION_UNSUPPORTED', client.ping('reg.test'));
      assert.match(error.hint ?? '', /lading ping reg\.test/);
      assert.deepEqual(wire.lines(), [`GET ${status}`, 'GET https://reg.test/v2/']);
      assert.equal(wire.open(), 0);
    }
  });

  test('and no v2 is no registry', async () => {
    for (const answer of [{ status: 404 }, { status: 405 }, page]) {
      const { client } = v1Script({ [status]: answer, 'https://reg.test/v2/': page });
      const error = await rejection('NOT_A_REGISTRY', client.ping('reg.test'));
      assert.match(
        error.message,
        /reg\.test is no registry of the v1 protocol: it answers \d+ at https:\/\/reg\.test\/v1\/_ping/,
      );
    }
    const { client } = v1Script({ [status]: { error: new OciError('PROTOCOL', 'cannot reach reg.test: not HTTP') } });
    await rejection('NOT_A_REGISTRY', client.ping('reg.test'));
  });

  test('is told of by the other verbs, too', async () => {
    const { client } = v1Script({ 'https://reg.test/v2/': v2 });
    await rejection('VERSION_UNSUPPORTED', client.tags('reg.test/a/b'));
    await rejection('VERSION_UNSUPPORTED', client.images('reg.test/a/b'));
    await rejection('VERSION_UNSUPPORTED', client.search('reg.test', 'x').next());
    const error = await rejection('VERSION_UNSUPPORTED', client.login('reg.test', { username: 'u', password: 'p' }));
    assert.equal(error.status, 404);
  });

  test('is not taken for it when only a repository is missing', async () => {
    const both = v1Script({ [status]: json({}), 'https://reg.test/v2/': v2 });
    const error = await rejection('NOT_FOUND', both.client.tags('reg.test/a/b'));
    assert.match(error.message, /cannot list the images of reg\.test\/a\/b: reg\.test answered 404 \(/);
    assert.ok(!both.wire.lines().includes('GET https://reg.test/v2/'));
    const neither = v1Script({});
    await rejection('NOT_FOUND', neither.client.tags('reg.test/a/b'));
  });
});

test('a failure of the registry is told as that', async () => {
  await rejection('SERVER_ERROR', v1Script({ [status]: { status: 503 } }).client.ping('reg.test'));
  await rejection('DENIED', v1Script({ [status]: { status: 403 } }).client.ping('reg.test'));
  await rejection('REFERENCE_INVALID', v1Script({}).client.ping('no registry'));
});

test('a listener that throws ends also the look aside that explains a failure', async () => {
  const { client } = v1Script({ 'https://reg.test/v2/': v2 });
  const on = (activity: Activity): void => {
    if (activity.type === 'request' && activity.url === status) throw new RangeError('enough');
  };
  await assert.rejects(client.tags('reg.test/a/b', { on }), RangeError);
});
