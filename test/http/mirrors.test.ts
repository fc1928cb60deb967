import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { OciError } from '../../src/errors.ts';
import type { HostSettings } from '../../src/http/host.ts';
import { createHosts } from '../../src/http/hosts.ts';
import { mirrors } from '../../src/http/mirrors.ts';
import type { HttpRequest } from '../../src/http/types.ts';
import { rejection } from '../support/failure.ts';
import { type Answer, script } from '../support/scripted-transport.ts';
import { testClock } from '../support/test-clock.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const down = (): Answer => ({ error: new OciError('UNREACHABLE', 'connection refused') });

/** Answers by host; what is not there answers 404. */
function setUp(answers: Readonly<Record<string, () => Answer>>, settings: HostSettings = {}) {
  const wire = script(({ url }) => answers[new URL(url).host]?.() ?? { status: 404 });
  const clock = testClock();
  const list = settings.mirrors ?? ['one.test', 'two.test'];
  const send = mirrors(createHosts({ 'reg.test': { ...settings, mirrors: list } }), clock)(wire.send);
  const get = (path: string, change: Partial<HttpRequest> = {}) =>
    send({ method: 'GET', url: `https://reg.test/v2/${path}`, headers: {}, registry: 'https://reg.test', ...change });
  const asked = (): string[] =>
    wire.requests.map(({ method, url }) => `${method} ${url.replace('https://', '').replace(digest, '@')}`);
  return { wire, get, asked, clock };
}

describe('content by digest', () => {
  test('CONN-4: comes from the first mirror that has it', async () => {
    const { wire, get, asked } = setUp({ 'two.test': () => ({ body: 'x' }), 'reg.test': () => ({ body: 'x' }) });
    const response = await get(`a/b/blobs/${digest}`);
    await response.cancel();
    assert.deepEqual(asked(), ['GET one.test/v2/a/b/blobs/@?ns=reg.test', 'GET two.test/v2/a/b/blobs/@?ns=reg.test']);
    assert.equal(wire.requests[1]?.request.registry, 'https://two.test');
    assert.equal(wire.open(), 0);
  });

  for (const [what, answer] of [
    ['lacks it', (): Answer => ({ status: 404 })],
    ['fails', (): Answer => ({ status: 500 })],
    ['refuses', (): Answer => ({ status: 401 })],
    ['is not there', down],
  ] as const) {
    test(`comes from the registry when every mirror ${what}`, async () => {
      const { wire, get, asked } = setUp({ 'one.test': answer, 'two.test': answer, 'reg.test': () => ({ body: 'x' }) });
      await (await get(`a/b/manifests/${digest}`, { method: 'HEAD' })).cancel();
      assert.equal(asked().length, 3);
      assert.equal(asked()[2], 'HEAD reg.test/v2/a/b/manifests/@');
      assert.equal(wire.open(), 0);
    });
  }

  test('is not there when the registry says so', async () => {
    const { get } = setUp({ 'reg.test': () => ({ status: 404, body: 'the registry' }) });
    const response = await get(`a/b/blobs/${digest}`);
    assert.equal(response.status, 404);
    assert.equal(response.url, `https://reg.test/v2/a/b/blobs/${digest}`);
  });

  test('comes from the registry itself when a mirror had the wrong bytes', async () => {
    const { get, asked } = setUp({ 'reg.test': () => ({ body: 'x' }) });
    await (await get(`a/b/blobs/${digest}`, { direct: true })).cancel();
    assert.deepEqual(asked(), ['GET reg.test/v2/a/b/blobs/@']);
  });

  test('is not asked again for five minutes of a mirror that could not be reached', async () => {
    const { get, asked, clock } = setUp({ 'one.test': down, 'two.test': () => ({ body: 'x' }) });
    const hosts = async (): Promise<string[]> => {
      const before = asked().length;
      await (await get(`a/b/blobs/${digest}`)).cancel();
      return asked()
        .slice(before)
        .map((line) => line.slice(4, 12));
    };
    assert.deepEqual(await hosts(), ['one.test', 'two.test']);
    assert.deepEqual(await hosts(), ['two.test']);
    await clock.wait(5 * 60_000);
    assert.deepEqual(await hosts(), ['one.test', 'two.test']);
  });

  test('ends with the caller, not with the next mirror', async () => {
    const { get, asked } = setUp({ 'one.test': () => ({ error: new OciError('ABORTED', 'gone') }) });
    await rejection('ABORTED', get(`a/b/blobs/${digest}`));
    assert.equal(asked().length, 1);
  });
});

describe('a tag', () => {
  test('is asked of the registry, whatever the mirrors say', async () => {
    const { get, asked } = setUp({ 'one.test': () => ({ body: 'old' }), 'reg.test': () => ({ body: 'new' }) });
    await (await get('a/b/manifests/latest')).cancel();
    assert.deepEqual(asked(), ['GET reg.test/v2/a/b/manifests/latest']);
  });

  for (const [what, answer] of [
    ['is not there', down],
    ['fails', (): Answer => ({ status: 503 })],
    ['limits', (): Answer => ({ status: 429 })],
  ] as const) {
    test(`is asked of the mirrors when the registry ${what}`, async () => {
      const { wire, get, asked } = setUp({ 'reg.test': answer, 'two.test': () => ({ body: 'x' }) });
      const response = await get('a/b/manifests/latest');
      assert.equal(response.status, 200);
      await response.cancel();
      assert.deepEqual(
        asked().map((line) => line.split('/')[0]),
        ['GET reg.test', 'GET one.test', 'GET two.test'],
      );
      assert.equal(wire.open(), 0);
    });
  }

  test('is what the registry says of it when no mirror helps', async () => {
    const limited = setUp({ 'reg.test': () => ({ status: 429, body: 'limited' }) });
    const response = await limited.get('a/b/manifests/latest');
    assert.equal(response.status, 429);
    await response.cancel();
    assert.equal(limited.wire.open(), 0);
    await rejection('UNREACHABLE', setUp({ 'reg.test': down }).get('a/b/manifests/latest'));
  });

  test('is asked of the mirrors first by those who trust them', async () => {
    const { get, asked } = setUp({ 'one.test': () => ({ body: 'x' }) }, { mirrorTags: true });
    await (await get('a/b/manifests/latest')).cancel();
    assert.deepEqual(asked(), ['GET one.test/v2/a/b/manifests/latest?ns=reg.test']);
  });
});

test('mirrors are asked for nothing but manifests and blobs, and never to change something', async () => {
  const { get, asked } = setUp({ 'one.test': () => ({}), 'reg.test': () => ({}) });
  for (const path of ['', '_catalog?n=5', 'a/b/tags/list', `a/b/referrers/${digest}`, 'a/b/blobs/uploads/?x=1'])
    await get(path);
  for (const method of ['PUT', 'POST', 'DELETE', 'PATCH'] as const) await get(`a/b/manifests/${digest}`, { method });
  await get(`a/b/blobs/${digest}`, { chosenBy: 'server' });
  assert.deepEqual(
    asked().filter((line) => !line.includes(' reg.test')),
    [],
  );
});

test('a mirror keeps its copies where it was said, with the scope for it', async () => {
  const { wire, get } = setUp({ 'harbor.test': () => ({}) }, { pathPrefix: '/p', mirrors: ['harbor.test/hub'] });
  await get(`../p/v2/a/blobs/${digest}`, {
    url: `https://reg.test/p/v2/a/blobs/${digest}`,
    scopes: ['repository:a:pull'],
  });
  assert.equal(wire.requests[0]?.url, `https://harbor.test/v2/hub/a/blobs/${digest}?ns=reg.test`);
  assert.deepEqual(wire.requests[0]?.request.scopes, ['repository:hub/a:pull']);
});
