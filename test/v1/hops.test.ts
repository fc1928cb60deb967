import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readAll } from '../../src/bytes/read.ts';
import { rejection } from '../support/failure.ts';
import { json } from '../support/scripted-transport.ts';
import { indexed, v1Script } from '../support/v1-script.ts';

const id = 'e'.repeat(64);
const index = 'https://reg.test/v1/repositories/a/b/images';
const tags = 'v1/repositories/a/b/tags';

describe('an endpoint that an index names', () => {
  for (const [what, endpoint] of [
    ['speaks http where the index speaks https', 'http://images.test'],
    ['is in a private network', '10.0.0.7:5000'],
    ['is this machine', 'localhost:5000'],
    ['is where clouds keep their secrets', '169.254.169.254'],
    ['has a user name in it', 'https://user@images.test'],
  ] as const) {
    test(`is not asked when it ${what}`, async () => {
      const { client, wire } = v1Script({ [index]: indexed(endpoint) });
      await rejection('REDIRECT_REFUSED', client.tags('reg.test/a/b'));
      assert.deepEqual(wire.lines(), [`GET ${index}`]);
      assert.equal(wire.open(), 0);
    });
  }

  test('is asked when it is the next one, and may be', async () => {
    const { client, wire } = v1Script({
      [index]: indexed('10.0.0.7, images.test'),
      [`https://images.test/${tags}`]: json({ latest: id }),
    });
    assert.deepEqual(await client.tags('reg.test/a/b'), { latest: id });
    assert.deepEqual(wire.lines(), [`GET ${index}`, `GET https://images.test/${tags}`]);
  });

  test('may be private when the user named it', async () => {
    const { client } = v1Script(
      { [index]: indexed('10.0.0.7:5000'), [`https://10.0.0.7:5000/${tags}`]: json({ latest: id }) },
      { hosts: { '10.0.0.7:5000': {} } },
    );
    assert.deepEqual(await client.tags('reg.test/a/b'), { latest: id });
  });

  test('is told to the transport as chosen by a server', async () => {
    const { client, wire } = v1Script({
      [index]: indexed('images.test'),
      [`https://images.test/${tags}`]: json({}),
    });
    await client.tags('reg.test/a/b');
    assert.deepEqual(
      wire.requests.map(({ request }) => [request.chosenBy, request.registry]),
      [
        ['own', 'https://reg.test'],
        ['server', 'https://reg.test'],
      ],
    );
  });
});

test('plain http is spoken by leave only, to the endpoints, too', async () => {
  const plain = 'http://reg.test/v1/repositories/a/b/images';
  const { client, wire } = v1Script(
    { [plain]: indexed('images.test'), [`http://images.test/${tags}`]: json({ latest: id }) },
    { hosts: { 'reg.test': { plainHttp: true } } },
  );
  assert.deepEqual(await client.tags('reg.test/a/b'), { latest: id });
  assert.deepEqual(wire.lines(), [`GET ${plain}`, `GET http://images.test/${tags}`]);
});

test('a layer that is elsewhere is fetched without token or cookie, and by https only', async () => {
  const layer = `https://images.test/v1/images/${id}/layer`;
  const to = (location: string) => ({ status: 302, headers: { location, 'content-type': 'text/html' } });
  const elsewhere = v1Script({
    [index]: indexed('images.test'),
    [layer]: to('https://cdn.test/layer?sig=CANARY'),
    'https://cdn.test/layer': { headers: { 'content-length': '5' }, body: 'bytes' },
  });
  const { bytes } = await elsewhere.client.layer('reg.test/a/b', id);
  assert.equal(new TextDecoder().decode(await readAll(bytes, 100, 'the layer')), 'bytes');
  assert.deepEqual(
    elsewhere.wire.requests.map(({ headers }) => headers.authorization?.split(' ', 1)[0]),
    [undefined, 'Token', undefined],
  );
  for (const refused of ['http://cdn.test/layer', 'https://192.168.0.1/layer']) {
    const { client, wire } = v1Script({ [index]: indexed('images.test'), [layer]: to(refused) });
    await rejection('REDIRECT_REFUSED', client.layer('reg.test/a/b', id));
    assert.equal(wire.requests.length, 2);
    assert.equal(wire.open(), 0);
  }
});

describe('Docker Hub', () => {
  const hub = 'https://index.docker.io/v1/repositories/library/alpine/images';

  test('has an index and a registry', async () => {
    const { client, wire } = v1Script(
      {
        [hub]: indexed('registry-1.docker.io'),
        'https://registry-1.docker.io/v1/repositories/library/alpine/tags/3': json(id),
        'https://index.docker.io/v1/search': json({ results: [{ name: 'alpine', is_official: true, star_count: 7 }] }),
      },
      { credentials: async (host) => (host === 'docker.io' ? { username: 'u', password: 'p' } : undefined) },
    );
    assert.equal(await client.imageId('alpine', '3'), id);
    const found = client.search('docker.io', 'alpine');
    assert.deepEqual((await found.next()).value, { name: 'alpine', is_official: true, star_count: 7 });
    await found.return(undefined);
    assert.deepEqual(wire.lines(), [
      `GET ${hub}`,
      'GET https://registry-1.docker.io/v1/repositories/library/alpine/tags/3',
      'GET https://index.docker.io/v1/search?q=alpine&page=1&n=100',
    ]);
    assert.deepEqual(
      wire.requests.map(({ headers }) => headers.authorization?.split(' ', 1)[0]),
      ['Basic', 'Token', undefined],
    );
  });

  test('keeps its images where its registry is when it does not say', async () => {
    const { client, wire } = v1Script({ [hub]: indexed(undefined) });
    await rejection('NOT_FOUND', client.imageId('alpine', '3'));
    assert.equal(wire.lines()[1], 'GET https://registry-1.docker.io/v1/repositories/library/alpine/tags/3');
  });

  test('sends the readers of rhel7 to another index, without the password', async () => {
    const redHat = 'https://registry.redhat.test/v1/repositories/rhel7/images';
    const { client, wire } = v1Script(
      {
        [hub]: { status: 302, headers: { location: redHat } },
        [redHat]: indexed('registry.redhat.test', 'Token signature=CANARY2'),
        'https://registry.redhat.test/v1/repositories/library/alpine/tags': json({ latest: id }),
      },
      { credentials: async () => ({ username: 'u', password: 'p' }) },
    );
    assert.deepEqual(await client.tags('alpine'), { latest: id });
    assert.deepEqual(
      wire.requests.map(({ headers }) => headers.authorization),
      [`Basic ${btoa('u:p')}`, undefined, 'Token signature=CANARY2'],
    );
  });
});

test('a prefix of the path stands before /v1/, at endpoints of the same origin, too', async () => {
  const base = 'https://reg.test/artifactory/api/docker/x/v1/repositories/a/b';
  const { client } = v1Script(
    { [`${base}/images`]: indexed('reg.test'), [`${base}/tags`]: json({ latest: id }) },
    { hosts: { 'reg.test': { pathPrefix: '/artifactory/api/docker/x' } } },
  );
  assert.deepEqual(await client.tags('reg.test/a/b'), { latest: id });
});

test('a proxy before a registry may ask for the password of the index, at the origin of the index only', async () => {
  const basic = (wanted: string) => ({
    status: 401,
    headers: { 'www-authenticate': `Basic realm="${wanted}"` },
  });
  const credentials = async () => ({ username: 'u', password: 'p' });
  const guarded = ({ headers }: { headers: Readonly<Record<string, string>> }) =>
    headers.authorization?.startsWith('Basic ') === true ? json({ latest: id }) : basic('reg');
  const own = v1Script({ [index]: indexed('reg.test'), [`https://reg.test/${tags}`]: guarded }, { credentials });
  assert.deepEqual(await own.client.tags('reg.test/a/b'), { latest: id });
  const other = v1Script(
    { [index]: indexed('images.test'), [`https://images.test/${tags}`]: guarded },
    { credentials },
  );
  await rejection('UNAUTHORIZED', other.client.tags('reg.test/a/b'));
  assert.ok(other.wire.requests.slice(1).every(({ headers }) => headers.authorization?.startsWith('Token ')));
});
