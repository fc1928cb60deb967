/** The next page of a listing: of its registry alone, in every form, and as the registry wrote it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collect } from '../../src/graph/collect.ts';
import { fixedCredentials } from '../../src/http/credentials.ts';
import { createServer } from '../../src/server/app.ts';
import { basicAccess } from '../../src/server/basic-access.ts';
import { createMemoryRegistry } from '../../src/store/memory.ts';
import { buildImage, putBuilt } from '../../src/testing/fixtures.ts';
import { answering, type Wrap } from '../../src/testing/wrap.ts';
import { nodeTransport } from '../../src/node/http/transport.ts';
import { type Client, createClient } from '../../src/registry/client.ts';
import { canary } from '../support/planted-secrets.ts';
import { assertTold, hostileNetwork, type Network, type Place } from '../support/hostile-network.ts';
import { startOrigin } from '../support/http-origin.ts';
import { belowPath } from '../support/path-prefix.ts';
import { refused } from '../support/refused.ts';
import { withoutTls } from '../support/tls.ts';

const skip = withoutTls;
const access = basicAccess({ check: (user, password) => user === 'me' && password === canary.password });
const image = await buildImage({ layers: [{ files: { a: 'b' } }] });
const subject = image.descriptor;
const registry = createMemoryRegistry();
await putBuilt(registry.repository('team/app'), image, { tags: ['1'] });
const server = createServer({ registry, access });

interface Listing {
  readonly path: string;
  readonly page: (name: string) => object;
  readonly list: (client: Client, host: string) => Promise<readonly string[]>;
  readonly words: (host: string) => readonly string[];
}

const entry = (artifactType: string): object => ({
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  digest: `sha256:${artifactType.repeat(64)}`,
  size: 1,
  artifactType: `application/${artifactType}`,
});

const listings: Readonly<Record<string, Listing>> = {
  tags: {
    path: '/v2/team/app/tags/list',
    page: (name) => ({ name: 'team/app', tags: [name] }),
    list: (client, host) => collect(client.repository(`${host}/team/app`).tags()),
    words: (host) => ['tags', `${host}/team/app`],
  },
  catalog: {
    path: '/v2/_catalog',
    page: (name) => ({ repositories: [name] }),
    list: (client, host) => collect(client.registry(host).repositories()),
    words: (host) => ['repos', host],
  },
  referrers: {
    path: `/v2/team/app/referrers/${subject.digest}`,
    page: (name) => ({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.index.v1+json',
      manifests: [entry(name)],
    }),
    list: async (client, host) => {
      const found = await collect(client.repository(`${host}/team/app`).referrers(subject));
      return found.map(({ digest }) => digest.slice('sha256:'.length, 'sha256:'.length + 1));
    },
    words: (host) => ['referrers', `${host}/team/app@${subject.digest}`, '--json'],
  },
};

/** Three pages: `a`, `b`, `c`. @param link the whole header of a page that is not the last; `next` is where the next one is */
function pages({ path, page }: Listing, link: (next: string, request: Request) => string): Wrap {
  return (handler) => (request, info) => {
    if (!request.headers.has('authorization')) return handler(request, info);
    return answering(
      ({ url }) => new URL(url).pathname === path,
      ({ url }) => {
        const at = Number(/[?&]page=(\d)/.exec(url)?.[1] ?? 1);
        const headers = at < 3 ? { link: link(`${path}?page=${at + 1}${cursor}`, request) } : undefined;
        return Response.json(page('abc'[at - 1] ?? ''), headers === undefined ? {} : { headers });
      },
    )(handler)(request, info);
  };
}

/** Nobody's business but the registry's. */
const cursor = '&last=a%2Fb%2fc+d%20e&next_page=gAAAA~.-_==&x=,;(y)!*&&z';
const login = ['--creds', `me:${canary.password}`];

const clientOf = (network: Network, reg: Place, pathPrefix?: string): Client =>
  network.client({
    credentials: fixedCredentials({ [reg.host]: { username: 'me', password: canary.password } }),
    hosts: { [reg.host]: { pathPrefix, headers: { 'x-api-key': canary.header } } },
  });

test('G08: of several Link headers the one that leads on is found, and stands on the wire as it was written', async () => {
  const { path, page, list } = listings.tags ?? assert.fail();
  await using origin = await startOrigin((request, response) => {
    const at = Number(/[?&]page=(\d)/.exec(request.url ?? '')?.[1] ?? 1);
    const next = at < 3 ? [`<${path}?page=${at + 1}${cursor}&q='q'>; rel="next"`] : [];
    response.setHeader('link', [`<${path}?page=1>; rel="first"`, ...next, `<${path}?page=3>; rel="last"`]);
    response.end(JSON.stringify(page('abc'[at - 1] ?? '')));
  });
  const transport = nodeTransport({ proxy: false });
  try {
    const host = `127.0.0.1:${origin.port}`;
    assert.deepEqual(await list(createClient({ transport }), host), ['a', 'b', 'c']);
    const asked = origin.requests.map((request) => request.path).filter((one) => one.includes('page='));
    assert.deepEqual(
      asked,
      [2, 3].map((at) => `${path}?page=${at}${cursor}&q='q'`),
    );
  } finally {
    transport.close();
  }
});

for (const [what, listing] of Object.entries(listings)) {
  test(`G08: the next page of ${what} is asked of nobody else`, { skip }, async (t) => {
    const network = await hostileNetwork(t);
    const evil = await network.open('evil.test', async () => Response.json({}));
    const plain = await network.open('evil.test', async () => Response.json({}), { plain: true });
    let form = (next: string): string => next;
    const reg = await network.open('reg.test', pages(listing, (next) => `<${form(next)}>; rel="next"`)(server));
    const forms: readonly ((next: string) => string)[] = [
      (next) => evil.url + next,
      (next) => `//${evil.host}${next}`,
      (next) => plain.url + next,
      (next) => `http://${reg.host}${next}`,
      (next) => `https://${reg.host}@${evil.host}${next}`,
      (next) => `https://me:${canary.password}@${reg.host}${next}`,
      (next) => `https://reg.test:${evil.port}${next}`,
      (next) => `\\\\${evil.host}${next}`,
    ];
    for (form of forms) {
      const error = await refused(listing.list(clientOf(network, reg), reg.host), 'REDIRECT_REFUSED', /reg\.test/);
      assert.ok(error.hint);
    }
    for (form of [forms[0], forms[4]].map((one) => one ?? assert.fail())) {
      const told = await network.cli([...listing.words(reg.host), ...login]);
      assertTold(told, 1, /reg\.test:\d+.*evil\.test:\d+.*\(REDIRECT_REFUSED\)/, /hint: /);
    }
    assert.deepEqual([evil.requests, plain.requests], [[], []]);
    const asked = reg.lines().filter((line) => line.includes(listing.path) && line.includes('page='));
    assert.deepEqual(asked, []);
    assert.deepEqual(new Set(network.attempts()), new Set([`127.0.0.1:${reg.port}`]));
  });

  test(`G08: the next page of ${what} comes over links of every form, whose cursor is sent back as it is`, {
    skip,
  }, async (t) => {
    const network = await hostileNetwork(t);
    let form = (next: string): string => next;
    const reg = await network.open('reg.test', pages(listing, (next) => form(next))(server));
    const forms: readonly ((next: string) => string)[] = [
      (next) => `<${reg.url}${next}>; rel="next"`,
      (next) => `<${next}>; rel="next"`,
      (next) => `<${next.slice(next.indexOf('?'))}>; rel=next`,
      (next) => `<./${next.slice(next.lastIndexOf('/') + 1)}>;rel="next"`,
      (next) => `<//${reg.host}${next}>; rel="next"; title="a, b; c"`,
      (next) =>
        `<${listing.path}?page=1>; rel="first prev", <${next}>; rel="next", <${listing.path}?page=3>; rel="last"`,
      (next) => `<${next}#fragment>; rel="next"`,
    ];
    const wanted = [2, 3].map((page) => `GET ${listing.path}?page=${page}${cursor}`);
    const asked = (): string[] => reg.lines().filter((line) => line.includes('page='));
    for (form of forms) {
      assert.deepEqual(await listing.list(clientOf(network, reg), reg.host), ['a', 'b', 'c'], form('/next'));
      assert.deepEqual(asked(), wanted);
    }
    const { code, stdout, stderr } = await network.cli([...listing.words(reg.host), ...login]);
    assert.equal(code, 0, stderr);
    for (const name of ['a', 'b', 'c']) assert.match(stdout, new RegExp(`^${name}$|sha256:${name}{64}`, 'm'));
    assert.deepEqual(asked(), wanted);
  });

  test(`G08: the next page of ${what} may stand below the path of its registry`, { skip }, async (t) => {
    const network = await hostileNetwork(t);
    const below = belowPath('/art/api', [])(pages(listing, (next) => `<${next}>; rel="next"`)(server));
    const reg = await network.open('reg.test', below);
    assert.deepEqual(await listing.list(clientOf(network, reg, '/art/api'), reg.host), ['a', 'b', 'c']);
    const { code, stderr } = await network.cli([
      ...listing.words(reg.host),
      ...login,
      '--host',
      `${reg.host},prefix=/art/api`,
    ]);
    assert.equal(code, 0, stderr);
    const wanted = [2, 3].map((page) => `GET /art/api${listing.path}?page=${page}${cursor}`);
    assert.deepEqual(
      reg.lines().filter((line) => line.includes('page=')),
      [...wanted, ...wanted],
    );
  });
}
