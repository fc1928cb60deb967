import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createHosts } from '../../src/http/hosts.ts';
import { createSend } from '../../src/http/pipeline.ts';
import type { HttpRequest } from '../../src/http/types.ts';
import { rejection } from '../support/failure.ts';
import { type Answer, type Script, script } from '../support/scripted-transport.ts';
import { testClock } from '../support/test-clock.ts';

const settings = { 'reg.test': { headers: { 'x-api-key': 'CANARY' }, credential: { registryToken: 'CANARY' } } };

function setUp(answers: Readonly<Record<string, Answer>>, plain: readonly string[] = []) {
  const wire = script(({ url }) => answers[url] ?? { status: 200, body: 'bytes' });
  const named = Object.fromEntries(plain.map((host) => [host, { plainHttp: true }]));
  const hosts = createHosts({ ...settings, ...named });
  return { wire, send: createSend({ transport: wire.send, hosts, clock: testClock() }) };
}

const to = (location: string, status = 307): Answer => ({ status, headers: { location }, body: 'moved' });
const request = (change: Partial<HttpRequest> = {}): HttpRequest => ({
  method: 'GET',
  url: 'https://reg.test/v2/a/blobs/sha256:1',
  headers: { accept: '*/*', range: 'bytes=1-', cookie: 'CANARY', 'x-own': 'CANARY' },
  registry: 'https://reg.test',
  ...change,
});

const names = (wire: Script, at: number): string[] => Object.keys(wire.requests[at]?.headers ?? {}).sort();
const own = ['accept', 'authorization', 'cookie', 'range', 'user-agent', 'x-api-key', 'x-own'];
const foreign = ['accept', 'range', 'user-agent'];

describe('a redirect', () => {
  for (const status of [301, 302, 303, 307, 308]) {
    test(`C6 CONN-7: of ${status} to another host carries nothing of the user`, async () => {
      const { wire, send } = setUp({ 'https://reg.test/v2/a/blobs/sha256:1': to('https://cdn.test/b?sig=1', status) });
      const response = await send(request());
      assert.equal(response.url, 'https://cdn.test/b?sig=1');
      await response.cancel();
      assert.deepEqual(wire.lines(), ['GET https://reg.test/v2/a/blobs/sha256:1', 'GET https://cdn.test/b?sig=1']);
      assert.deepEqual([names(wire, 0), names(wire, 1)], [own, foreign]);
      assert.equal(wire.open(), 0);
    });
  }

  for (const [what, location, headers] of [
    ['a path', '/other/blob', own],
    ['a relative path', '../blobs/x', own],
    ['the same host, spelt out', 'https://reg.test:443/other', own],
    ['another port', 'https://reg.test:8443/other', foreign],
    ['a subdomain', 'https://cdn.reg.test/other', foreign],
  ] as const) {
    test(`C6 CONN-7: to ${what} carries what belongs to that origin`, async () => {
      const { wire, send } = setUp({ 'https://reg.test/v2/a/blobs/sha256:1': to(location) });
      await (await send(request())).cancel();
      assert.deepEqual(names(wire, 1), headers);
    });
  }

  test('back to the registry is authorized again, when it only reads', async () => {
    const answers = {
      'https://reg.test/v2/a/blobs/sha256:1': to('https://cdn.test/b'),
      'https://cdn.test/b': to('https://reg.test/real'),
    };
    const reading = setUp(answers);
    await (await reading.send(request())).cancel();
    assert.deepEqual(
      reading.wire.requests.map(({ headers }) => headers.authorization),
      ['Bearer CANARY', undefined, 'Bearer CANARY'],
    );
    const writing = setUp(answers);
    await rejection('REDIRECT_REFUSED', writing.send(request({ method: 'DELETE' })));
    assert.equal(writing.wire.requests.length, 2);
  });

  test('keeps method and body, but for 303', async () => {
    const body = {
      size: 4,
      open: async function* () {
        yield new TextEncoder().encode('body');
      },
    };
    for (const [status, line] of [
      [307, 'PUT body'],
      [308, 'PUT body'],
      [301, 'PUT body'],
      [303, 'GET '],
    ] as const) {
      const { wire, send } = setUp({ 'https://reg.test/v2/a/blobs/sha256:1': to('/there', status) });
      await (await send(request({ method: 'PUT', body, headers: { 'content-type': 'x/y' } }))).cancel();
      assert.equal(`${wire.requests[1]?.method} ${wire.requests[1]?.body}`, line);
      assert.equal(wire.requests[1]?.headers['content-type'], status === 303 ? undefined : 'x/y');
    }
    const { wire, send } = setUp({ 'https://reg.test/v2/a/blobs/sha256:1': to('/there', 303) });
    await (await send(request({ method: 'HEAD' }))).cancel();
    assert.equal(wire.requests[1]?.method, 'HEAD');
  });

  test('CONN-7: is followed five times', async () => {
    const loop = { 'https://reg.test/1': to('/2'), 'https://reg.test/2': to('/1') };
    const { wire, send } = setUp(loop);
    await rejection('LIMIT', send(request({ url: 'https://reg.test/1' })));
    assert.equal(wire.requests.length, 6);
    assert.equal(wire.open(), 0);
    const chain = Object.fromEntries([1, 2, 3, 4, 5].map((at) => [`https://reg.test/${at}`, to(`/${at + 1}`)]));
    const enough = setUp(chain);
    const response = await enough.send(request({ url: 'https://reg.test/1' }));
    assert.equal(response.url, 'https://reg.test/6');
    await response.cancel();
  });

  test('without a location, or of another status, is an answer like any', async () => {
    const { send } = setUp({
      'https://reg.test/1': { status: 304, headers: { location: '/x' } },
      'https://reg.test/2': { status: 302 },
    });
    for (const [path, status] of [
      ['1', 304],
      ['2', 302],
    ] as const) {
      const response = await send(request({ url: `https://reg.test/${path}` }));
      assert.equal(response.status, status);
      await response.cancel();
    }
  });
});

describe('a redirect is refused, and nothing is sent there', () => {
  for (const location of [
    'http://cdn.test/',
    'https://169.254.169.254/',
    'http://[::ffff:169.254.169.254]/',
    'https://2130706433/',
    'https://localhost./',
    'https://reg.test@evil.test/',
    'ftp://cdn.test/',
  ]) {
    test(location, async () => {
      const { wire, send } = setUp({ 'https://reg.test/v2/a/blobs/sha256:1': to(location) });
      await rejection('REDIRECT_REFUSED', send(request()));
      assert.equal(wire.requests.length, 1);
      assert.equal(wire.open(), 0);
    });
  }

  test('CONN-7: unless the user speaks http with that host', async () => {
    const { wire, send } = setUp({ 'https://reg.test/v2/a/blobs/sha256:1': to('http://cdn.test/') }, ['cdn.test']);
    await (await send(request())).cancel();
    assert.deepEqual(names(wire, 1), foreign);
  });
});

test('what a server chose is asked for as such, so that the transport looks at its address', async () => {
  const { wire, send } = setUp({
    'https://reg.test/v2/a/blobs/sha256:1': to('https://cdn.test/'),
    'https://reg.test/own': to('/other'),
  });
  await (await send(request())).cancel();
  await (await send(request({ url: 'https://reg.test/own' }))).cancel();
  assert.deepEqual(
    wire.requests.map(({ request: { chosenBy } }) => chosenBy),
    ['own', 'server', 'own', 'own'],
  );
});

test('a challenge from elsewhere is answered by nobody', async () => {
  const challenge = 'Bearer realm="https://reg.test/token"';
  const { wire, send } = setUp({
    'https://reg.test/v2/a/blobs/sha256:1': to('https://evil.test/'),
    'https://evil.test/': { status: 401, headers: { 'www-authenticate': challenge } },
  });
  const response = await send(request());
  assert.equal(response.status, 401);
  await response.cancel();
  assert.equal(wire.requests.length, 2);
});

test('C6: an upload elsewhere is sent nothing of the user either', async () => {
  const { wire, send } = setUp({});
  await (await send(request({ method: 'PUT', url: 'https://cdn.test/u', chosenBy: 'server' }))).cancel();
  assert.deepEqual(names(wire, 0), foreign);
});
