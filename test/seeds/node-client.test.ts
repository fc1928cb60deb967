/** What the options of node-docker-registry-client's `createClient` promised, by the library and by the command, over sockets. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collect } from '../../src/graph/collect.ts';
import { fixedCredentials } from '../../src/http/credentials.ts';
import type { Credential, Middleware } from '../../src/http/types.ts';
import { createClient } from '../../src/node/client.ts';
import { nodeTransport } from '../../src/node/http/transport.ts';
import type { ClientOptions } from '../../src/registry/client.ts';
import { basicAccess } from '../../src/server/basic-access.ts';
import { tokenAccess } from '../../src/server/token-access.ts';
import { cli } from '../support/cli.ts';
import { openWorld, type World } from '../support/cli-world.ts';
import { rejection } from '../support/failure.ts';
import { type Origin, startOrigin } from '../support/http-origin.ts';
import { until } from '../support/until.ts';

/** The tags of `team/app`, by a client of its own. */
async function tagsOf(host: string, options: ClientOptions = {}): Promise<readonly string[]> {
  const client = createClient({ credentials: async () => undefined, ...options });
  try {
    return await collect(client.repository(`${host}/team/app`).tags());
  } finally {
    await client.close();
  }
}

async function withWorld(
  options: Parameters<typeof openWorld>[0],
  work: (world: World) => Promise<void>,
): Promise<void> {
  const world = await openWorld(options);
  try {
    await work(world);
  } finally {
    await world.close();
  }
}

const all = ['1.0', '1.1', 'latest'];
const printed = `${all.join('\n')}\n`;

test('NODE-13: a user name and a password log in, and wrong ones do not', async () => {
  const access = basicAccess({ check: (user, password) => user === 'me' && password === 'secret' });
  await withWorld({ access }, async ({ host, requests }) => {
    const as = (credential: Credential): ClientOptions => ({ credentials: fixedCredentials({ [host]: credential }) });
    assert.deepEqual(await tagsOf(host, as({ username: 'me', password: 'secret' })), all);
    assert.equal(requests.at(-1)?.user, 'me');
    await rejection('UNAUTHORIZED', tagsOf(host, as({ username: 'me', password: 'guess' })));
    await rejection('UNAUTHORIZED', tagsOf(host));
    const right = await cli(['tags', '--creds', 'me:secret', `${host}/team/app`]);
    assert.deepEqual([right.code, right.stdout], [0, printed], right.stderr);
    for (const creds of [['--creds', 'me:guess'], []])
      assert.equal((await cli(['tags', ...creds, `${host}/team/app`])).code, 4);
  });
});

test('NODE-14: a token is sent as it is, and no other is fetched', async () => {
  const shown: string[] = [];
  const verify = (token: string) => {
    shown.push(token);
    const grants = [{ type: 'repository', name: 'team/app', actions: ['pull'] }];
    return token === 'of-my+own/==' ? { grants } : undefined;
  };
  // Nobody answers there: whoever asks for a token fails.
  const access = tokenAccess({ realm: 'http://127.0.0.1:1/token', service: 'test', verify });
  await withWorld({ access }, async ({ host }) => {
    const credential = { registryToken: 'of-my+own/==' };
    assert.deepEqual(await tagsOf(host, { hosts: { [host]: { credential } } }), all);
    assert.deepEqual(await tagsOf(host, { credentials: fixedCredentials({ [host]: credential }) }), all);
    const { code, stdout, stderr } = await cli(['tags', '--token', 'of-my+own/==', `${host}/team/app`]);
    assert.deepEqual([code, stdout], [0, printed], stderr);
    const wrong = await cli(['tags', '--token', 'of-somebody', `${host}/team/app`]);
    assert.equal(wrong.code, 4);
    assert.doesNotMatch(wrong.stderr, /of-somebody/);
    assert.deepEqual([...new Set(shown)], ['of-my+own/==', 'of-somebody']);
  });
});

/** A registry that counts its connections. */
function startCounting(): Promise<Origin> {
  return startOrigin((_, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ name: 'team/app', tags: all }));
  });
}

test('NODE-15 NODE-21: connections are kept until the client is closed, or not kept at all, or are one’s own', async () => {
  await using origin = await startCounting();
  const host = `127.0.0.1:${origin.port}`;
  const twice = async (options: ClientOptions): Promise<number> => {
    const before = origin.connections.made;
    const client = createClient({ credentials: async () => undefined, ...options });
    for (const _ of ['first', 'second']) await collect(client.repository(`${host}/team/app`).tags());
    const made = origin.connections.made - before;
    assert.ok(origin.connections.open <= 1);
    await client.close();
    await until(() => origin.connections.open === 0, 'every connection is closed');
    return made;
  };
  assert.equal(await twice({}), 1);
  const unkept: Middleware = (next) => (request) =>
    next({ ...request, headers: { ...request.headers, connection: 'close' } });
  assert.equal(await twice({ middleware: [unkept] }), 2);
  const own = nodeTransport({ proxy: false });
  const carried: string[] = [];
  const transport = Object.assign((request: Parameters<typeof own>[0]) => {
    carried.push(request.method);
    return own(request);
  }, own);
  assert.equal(await twice({ transport }), 1);
  assert.deepEqual(carried, ['GET', 'GET']);
});

test('NODE-17: a user agent names the program to the registry', async () => {
  await withWorld({}, async ({ host, requests }) => {
    await tagsOf(host);
    await tagsOf(host, { userAgent: 'my-program/1.2' });
    await cli(['tags', `${host}/team/app`]);
    const agents = requests.map(({ headers }) => headers['user-agent']);
    assert.deepEqual(agents.slice(0, 2), ['lading', 'my-program/1.2']);
    assert.match(agents[2] ?? '', /^lading\/\d+\.\d+\.\d+$/);
  });
});

test('NODE-26: all pages of tags are listed, whatever a page holds', async () => {
  await using origin = await startOrigin(({ url }, response) => {
    const last = new URL(url ?? '', 'http://registry').searchParams.get('last');
    const at = last === null ? 0 : all.indexOf(last) + 1;
    const link = `</v2/team/app/tags/list?last=${all[at]}>; rel="next"`;
    response.writeHead(200, { 'content-type': 'application/json', ...(at < all.length - 1 ? { link } : {}) });
    response.end(JSON.stringify({ name: 'team/app', tags: all.slice(at, at + 1) }));
  });
  const host = `127.0.0.1:${origin.port}`;
  assert.deepEqual(await tagsOf(host), all);
  assert.equal(origin.requests.length, all.length);
  assert.equal((await cli(['tags', `${host}/team/app`])).stdout, printed);
});
