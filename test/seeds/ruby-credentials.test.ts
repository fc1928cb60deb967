/** What docker_registry2 said of credentials: none, HTTP authorization, tokens; and which of them were wrong. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fixedCredentials } from '../../src/http/credentials.ts';
import type { Credential } from '../../src/http/types.ts';
import { nodeTransport } from '../../src/node/http/transport.ts';
import { serve } from '../../src/node/serve/serve.ts';
import { type Client, type ClientOptions, createClient } from '../../src/registry/client.ts';
import { basicAccess } from '../../src/server/basic-access.ts';
import { type TokenGrant, tokenAccess } from '../../src/server/token-access.ts';
import { contentFrom } from '../../src/store/content.ts';
import { all } from '../../src/testing/samples.ts';
import { cli } from '../support/cli.ts';
import { openWorld, type World } from '../support/cli-world.ts';
import { rejection } from '../support/failure.ts';
import { testClock } from '../support/test-clock.ts';

const RIGHT = `Basic ${btoa('admin:secret')}`;

interface Tokens {
  readonly world: World;
  /** What the token server was shown, and asked for: `admin repository:team/app:pull`. */
  readonly asked: string[];
  close(): Promise<void>;
}

/** A registry with a token server: anybody may pull, `admin` may do anything, and a wrong password is refused. */
async function startTokens(): Promise<Tokens> {
  const asked: string[] = [];
  const server = await serve(async (request) => {
    const authorization = request.headers.get('authorization');
    if (authorization !== null && authorization !== RIGHT) return Response.json({ details: 'no' }, { status: 401 });
    const user = authorization === null ? 'anybody' : 'admin';
    const scopes = new URL(request.url).searchParams.getAll('scope').join(' ');
    asked.push(`${user} ${scopes}`);
    return Response.json({ token: btoa(JSON.stringify({ user, scopes })) });
  });
  const verify = (token: string): { user: string; grants: TokenGrant[] } => {
    const { user, scopes } = JSON.parse(atob(token)) as { user: string; scopes: string };
    return { user, grants: grantsOf(scopes, user === 'admin') };
  };
  const world = await openWorld({ access: tokenAccess({ realm: `${server.url}/token`, service: 'test', verify }) });
  const close = async (): Promise<void> => {
    await world.close();
    await server.close();
  };
  return { world, asked, close };
}

function grantsOf(scopes: string, isAdmin: boolean): TokenGrant[] {
  return scopes.split(' ').map((scope) => {
    const [type = '', name = '', actions = ''] = scope.split(':');
    return { type, name, actions: actions.split(',').filter((action) => isAdmin || action === 'pull') };
  });
}

let tokens: Tokens;
let open: World;
/** `admin` may do anything, `guest` nothing, and nobody else is let in. */
let guarded: World;

before(async () => {
  tokens = await startTokens();
  open = await openWorld();
  const check = (_: string, password: string): boolean => password === 'secret';
  guarded = await openWorld({ access: basicAccess({ check, allow: (user) => user === 'admin' }) });
});
after(async () => {
  await Promise.all([tokens.close(), open.close(), guarded.close()]);
});

function client(options: ClientOptions = {}): Client {
  return createClient({ transport: nodeTransport({ proxy: false }), clock: testClock(), ...options });
}

const admin = { username: 'admin', password: 'secret' };
const as = ({ host }: World, credential: Credential): Client =>
  client({ credentials: fixedCredentials({ [host]: credential }) });
const tags = (from: Client, { host }: World): Promise<string[]> => all(from.repository(`${host}/team/single`).tags());

test('RUBY-9: without credentials a registry that allows it is read, and another wants authentication', async () => {
  assert.deepEqual(await tags(client(), open), ['1']);
  await rejection('UNAUTHORIZED', tags(client(), guarded));
  await rejection('UNAUTHORIZED', client().ping(guarded.host));
  assert.equal((await cli(['tags', '--no-creds', `${open.host}/team/single`])).stdout, '1\n');
  for (const line of [`ping ${guarded.host}`, `tags ${guarded.host}/team/single`]) {
    const { code, stderr } = await cli([...line.split(' '), '--no-creds']);
    assert.equal(code, 4);
    assert.match(stderr, /\(UNAUTHORIZED\); hint: .*login/);
  }
});

test('RUBY-10: a user name and a password are options of the session, and go as HTTP authorization', async () => {
  assert.deepEqual(await tags(as(guarded, admin), guarded), ['1']);
  const settings = client({ hosts: { [guarded.host]: { credential: admin } } });
  assert.deepEqual(await tags(settings, guarded), ['1']);
  assert.equal(guarded.requests.at(-1)?.user, 'admin');
  const name = `${guarded.host}/team/single`;
  assert.equal((await cli(['tags', name, '--creds', 'admin:secret'])).stdout, '1\n');
  const piped = await cli(['tags', name, '--creds', 'admin', '--password-stdin'], { stdin: 'secret\n' });
  assert.equal(piped.stdout, '1\n');
  assert.deepEqual(guarded.requests.at(-1)?.headers.authorization, 'Basic');
});

test('RUBY-11: a token is fetched for anybody, or for a user with a password', async () => {
  const { world, asked } = tokens;
  const { host } = world;
  asked.length = 0;
  assert.deepEqual(await tags(client(), world), ['1']);
  assert.deepEqual(asked, ['anybody repository:team/single:pull']);
  const content = contentFrom(new Uint8Array(1));
  await rejection('UNAUTHORIZED', client().repository(`${host}/team/single`).putBlob(content));
  asked.length = 0;
  assert.equal(await as(world, admin).repository(`${host}/team/single`).putBlob(content), 'written');
  assert.deepEqual(new Set(asked), new Set(['admin repository:team/single:pull,push']));
  assert.equal(world.requests.at(-1)?.user, 'admin');
  for (const [flags, user] of [
    [['--no-creds'], 'anybody'],
    [['--creds', 'admin:secret'], 'admin'],
  ] as const) {
    const { code, stdout, stderr } = await cli(['auth', 'token', `${host}/team/single`, ...flags]);
    assert.equal(code, 0, stderr);
    assert.deepEqual(JSON.parse(atob(stdout.trim())), { user, scopes: 'repository:team/single:pull' });
    const listed = await cli(['tags', `${host}/team/single`, '--token', stdout.trim()]);
    assert.equal(listed.stdout, '1\n');
    assert.equal(world.requests.at(-1)?.user, user);
  }
});

test('RUBY-13: a wrong user name or password is told by the registry, or by its token server', async () => {
  for (const world of [guarded, tokens.world]) {
    const { host } = world;
    await as(world, admin).ping(host);
    const wrong = as(world, { ...admin, password: 'CANARY' });
    for (const attempt of [wrong.ping(host), tags(wrong, world)]) {
      const { message, hint } = await rejection('UNAUTHORIZED', attempt);
      assert.doesNotMatch(`${message} ${hint}`, /CANARY/);
    }
    assert.equal((await cli(['ping', host, '--creds', 'admin:secret'])).code, 0);
    const { code, stderr } = await cli(['ping', host, '--creds', 'admin:CANARY', '--debug']);
    assert.equal(code, 4);
    assert.match(stderr, /\(UNAUTHORIZED\)/);
    assert.doesNotMatch(stderr, /CANARY/);
  }
});

test('RUBY-14: a user who is known and may not is told otherwise', async () => {
  const { host } = guarded;
  const guest = as(guarded, { username: 'guest', password: 'secret' });
  for (const attempt of [guest.ping(host), tags(guest, guarded)]) {
    assert.equal((await rejection('DENIED', attempt)).status, 403);
  }
  const { code, stderr } = await cli(['ping', host, '--creds', 'guest:secret']);
  assert.equal(code, 4);
  assert.match(stderr, /\(DENIED\)/);
});
