/** The vendors' registries: each of their behaviours is cited, and what is served is what they say, whoever asks. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createMemoryRegistry } from '../../src/store/memory.ts';
import { type Built, putImage } from '../../src/testing/fixtures.ts';
import { type StartedVendor, startVendor, vendor, vendors } from '../../src/testing/vendors.ts';

const SOURCE =
  /^(?:synthetic|[\w.-]+\/[\w.-]+#\d+|[\w.-]+\/[\w.-]+:[\w./-]+\.\w+|https:\/\/(?!github\.com\/[^/]+\/[^/]+\/issues)[\w./-]+)$/;

interface World {
  readonly started: StartedVendor;
  readonly image: Built;
  readonly base: string;
  readonly get: (path: string, headers?: Record<string, string>) => Promise<Response>;
}

async function within(name: string, run: (world: World) => Promise<void>): Promise<void> {
  const registry = createMemoryRegistry();
  const image = await putImage(registry.repository('r'), { layers: [new Uint8Array(100)], tags: ['a'] });
  const started = await startVendor(name, { registry, isPublic: (repository) => repository === 'public' });
  const base = `http://${started.host}`;
  try {
    const get: World['get'] = async (path, headers = {}) =>
      await fetch(new URL(path, base), { headers, redirect: 'manual' });
    await run({ started, image, base, get });
  } finally {
    await started.close();
  }
}

const basic = ({ credential }: StartedVendor, password: string = credential?.password ?? ''): string =>
  `Basic ${btoa(`${credential?.username ?? ''}:${password}`)}`;

describe('the vendors', () => {
  for (const { name, behaviours } of vendors) {
    it(`(${name}) cite a source for every behaviour, or say that there is none`, () => {
      assert.ok(behaviours.length > 0);
      for (const { behaviour, source } of behaviours) {
        assert.match(behaviour, /^[A-Z][^|]+\.$/);
        const sources = [source].flat();
        assert.ok(sources.length > 0, behaviour);
        for (const one of sources) assert.match(one, SOURCE, behaviour);
        assert.ok(sources.length === 1 || !sources.includes('synthetic'), behaviour);
      }
    });
  }

  it('have a name each, and there are no others', () => {
    const names = vendors.map(({ name }) => name);
    assert.deepEqual(names, [...new Set(names)]);
    for (const name of names) assert.equal(vendor(name).name, name);
    assert.throws(() => vendor('none'), RangeError);
    assert.throws(() => vendor('none'), /no vendor is called none: there are plain, basic, /);
  });
});

describe('a token server', () => {
  it('is at an origin of its own, and told by the challenge', async () => {
    await within('docker.io', async ({ started, get }) => {
      const challenge = (await get('/v2/r/manifests/a')).headers.get('www-authenticate') ?? '';
      const [, realm = ''] = /^Bearer realm="(http:\/\/127\.0\.0\.1:\d+\/token)",/.exec(challenge) ?? [];
      assert.ok(realm !== '' && !realm.includes(started.host), challenge);
      assert.match(challenge, /,service="registry\.docker\.io",scope="repository:r:pull"$/);
      const answer = await get(`${realm}?service=registry.docker.io&scope=repository:r:pull`, {
        authorization: basic(started),
      });
      const fields = (await answer.json()) as Record<string, string>;
      assert.deepEqual(Object.keys(fields), ['token', 'access_token', 'expires_in', 'issued_at']);
      const read = await get('/v2/r/manifests/a', { authorization: `Bearer ${fields.token}` });
      assert.equal(read.status, 200);
      assert.equal(started.requests.tokens.length, 1);
      assert.equal(started.requests.registry.at(-1)?.headers.authorization, `Bearer ${fields.token}`);
    });
  });

  it('grants nothing for a wrong password, another service or an empty scope', async () => {
    await within('quay', async ({ started, get }) => {
      const status = async (query: string, authorization: string): Promise<number> =>
        (await get(`/v2/auth?${query}`, { authorization })).status;
      assert.equal(await status('service=quay.io&scope=repository:r:pull', basic(started)), 200);
      assert.equal(await status('service=quay.io&scope=repository:r:pull', basic(started, 'wrong')), 401);
      assert.equal(await status('service=ghcr.io&scope=repository:r:pull', basic(started)), 400);
      assert.equal(await status('service=quay.io&scope=', basic(started)), 400);
    });
  });

  it('grants anybody what is public, to be read', async () => {
    await within('ghcr', async ({ get }) => {
      const statuses: number[] = [];
      for (const [scope, path] of [
        ['repository:public:pull,push', '/v2/public/manifests/a'],
        ['repository:r:pull', '/v2/r/manifests/a'],
      ] as const) {
        const { token } = (await (await get(`/token?scope=${scope}`)).json()) as { token: string };
        statuses.push((await get(path, { authorization: `Bearer ${token}` })).status);
      }
      assert.deepEqual(statuses, [404, 401]);
    });
  });
});

describe('another origin', () => {
  it('refuses who says who he is, who has no signature, and a HEAD by a URL for GET', async () => {
    await within('ghcr', async ({ started, image, get }) => {
      const { token } = (await (
        await get('/token?scope=repository:r:pull', { authorization: basic(started) })
      ).json()) as {
        token: string;
      };
      const path = `/v2/r/blobs/${image.blobs[0]?.descriptor.digest ?? ''}`;
      const authorization = `Bearer ${token}`;
      const moved = await get(path, { authorization });
      assert.equal(moved.status, 307);
      const url = moved.headers.get('location') ?? '';
      assert.ok(!url.includes(started.host) && url.includes('X-Amz-Signature='));
      assert.equal((await get(url, { authorization })).status, 400);
      assert.equal((await get(url.replace(/\?.*/, ''))).status, 403);
      assert.equal((await fetch(url, { method: 'HEAD' })).status, 403);
      assert.equal((await get(url)).status, 200);
      assert.deepEqual(
        started.requests.elsewhere.map(({ method, status }) => `${method} ${status}`),
        ['GET 400', 'GET 403', 'HEAD 403', 'GET 200'],
      );
    });
  });
});

it('a path prefix stands before everything, and nothing stands elsewhere', async () => {
  await within('artifactory-path', async ({ started, get }) => {
    const { pathPrefix = '' } = started.settings;
    assert.equal((await get('/v2/')).status, 404);
    assert.equal((await get(`${pathPrefix}/v2/`)).status, 401);
    const scope = 'scope=repository:r:pull,push';
    const answer = await get(`${pathPrefix}/v2/token?service=artifactory&${scope}`, { authorization: basic(started) });
    const { token } = (await answer.json()) as { token: string };
    const begun = await fetch(`http://${started.host}${pathPrefix}/v2/r/blobs/uploads/`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
    });
    assert.equal(begun.status, 202);
    assert.ok(begun.headers.get('location')?.startsWith(`${pathPrefix}/v2/r/blobs/uploads/`));
  });
});
