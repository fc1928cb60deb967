/** What a command shows to a registry and its token server, and what it makes of their refusals. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { serve, type Served } from '../../src/node/serve/serve.ts';
import { basicAccess } from '../../src/server/basic-access.ts';
import { createServer } from '../../src/server/app.ts';
import { tokenAccess, type VerifiedToken } from '../../src/server/token-access.ts';
import { answering } from '../../src/testing/wrap.ts';
import { cli } from '../support/cli.ts';
import { openWorld, type World } from '../support/cli-world.ts';

const ALICE = `Basic ${btoa('alice:right')}`;
const pull = { type: 'repository', name: 'team/single', actions: ['pull'] };

let tokens: Served;
let world: World;
/** What the token server was shown, and what it gives for it. */
const shown: (string | null)[] = [];
let give = (login: string | null): Response => Response.json({ token: login === ALICE ? 'alice' : 'anybody' });
let verify = (token: string): VerifiedToken | undefined => ({ grants: token === 'alice' ? [pull] : [] });

before(async () => {
  tokens = await serve(async ({ headers }) => {
    shown.push(headers.get('authorization'));
    return give(headers.get('authorization'));
  });
  const access = tokenAccess({ realm: `${tokens.url}/token`, service: 'test', verify: (token) => verify(token) });
  world = await openWorld({ access });
});
after(async () => {
  await world.close();
  await tokens.close();
});
beforeEach(() => {
  shown.length = 0;
  world.requests.length = 0;
});

const tags = (...flags: string[]): ReturnType<typeof cli> => cli(['tags', `${world.host}/team/single`, ...flags]);
const registry = (challenge: string, isIn: (authorization: string | null) => boolean): Promise<Served> => {
  const refusal = { status: 401, headers: { 'www-authenticate': challenge } };
  const guard = answering(
    ({ headers }) => !isIn(headers.get('authorization')),
    () => new Response(null, refusal),
  );
  return serve(guard(createServer({ registry: world.registry })));
};

describe('a registry with tokens', () => {
  test('AUTH-5 GO-12: sees the token that the password was good for', async () => {
    assert.equal((await tags('--creds', 'alice:right')).stdout, '1\n');
    assert.deepEqual(shown, [ALICE]);
    assert.deepEqual(
      world.requests.map(({ status }) => status),
      [401, 200],
    );
  });

  test('C2 AUTH-4: may call its token access_token, and need not say how long it is good, but must give one', async () => {
    const before = give;
    for (const [answer, code] of [
      [{ access_token: 'alice' }, 0],
      [{ token: 'alice', access_token: '' }, 0],
      [{ token: '' }, 4],
      [{ expires_in: 300 }, 4],
    ] as const) {
      give = () => Response.json(answer);
      const result = await tags();
      assert.equal(result.code, code, result.stderr);
      if (code === 4) assert.match(result.stderr, /answered without a token \(UNAUTHORIZED\)/);
    }
    give = before;
  });

  test('ERR-2: tells who is not known from who may not', async () => {
    assert.equal((await tags('--no-creds')).code, 4);
    const other = await cli(['tags', `${world.host}/team/app`, '--creds', 'alice:right']);
    assert.equal(other.code, 4);
    assert.match(other.stderr, /\(DENIED\); hint: the account that was used may not do this, or it does not exist/);
  });

  test('C3 GO-3: that calls a token invalid ends it with TOKEN_INVALID', async () => {
    const before = verify;
    verify = () => undefined;
    const { code, stderr } = await tags('--creds', 'alice:right');
    verify = before;
    assert.equal(code, 4);
    assert.match(stderr, /\(TOKEN_INVALID\); hint: the token has expired or was revoked/);
    assert.equal(world.requests.length, 2);
  });

  test('ERR-2 AUTH-14: whose token server refuses a password is told by it, and nothing is kept', async () => {
    const before = give;
    give = (login) => (login === ALICE ? before(login) : Response.json({ details: 'wrong password' }, { status: 401 }));
    const home = await mkdtemp(path.join(tmpdir(), 'lading-home-'));
    const login = (stdin: string): ReturnType<typeof cli> =>
      cli(['login', '-u', 'alice', '--password-stdin', world.host], { stdin, env: { DOCKER_CONFIG: home } });
    try {
      const wrong = await login('guess');
      assert.equal(wrong.code, 4);
      assert.match(wrong.stderr, /cannot get a token: \S+ answered 401 .*"wrong password".* \(UNAUTHORIZED\)/);
      await assert.rejects(readFile(path.join(home, 'config.json')));
      assert.equal((await login('right')).stdout, `logged in to ${world.host} as alice\n`);
      assert.ok((await readFile(path.join(home, 'config.json'), 'utf8')).includes(btoa('alice:right')));
    } finally {
      give = before;
      await rm(home, { recursive: true });
    }
  });

  test('AUTH-9 C5: whose token server is elsewhere gets no password there, unless that is said', async () => {
    const port = world.host.split(':')[1];
    const line = ['tags', `localhost:${port}/team/single`, '--resolve', `localhost:${port}:127.0.0.1`];
    const withheld = await cli([...line, '--creds', 'alice:right']);
    assert.equal(withheld.code, 4);
    const flag = `--host localhost:${port},realm=${tokens.host}`;
    assert.ok(withheld.stderr.includes(flag), withheld.stderr);
    assert.deepEqual(shown, [null]);
    assert.equal((await cli([...line, '--creds', 'alice:right', ...flag.split(' ')])).stdout, '1\n');
    assert.deepEqual(shown.at(-1), ALICE);
  });
});

test('AUTH-6: a token that one has is sent as it is', async () => {
  assert.equal((await tags('--token', 'alice')).stdout, '1\n');
  assert.deepEqual([shown, world.requests.map(({ status }) => status)], [[], [401, 200]]);
  const before = verify;
  verify = () => undefined;
  const old = await tags('--token', 'of-last-year');
  verify = before;
  assert.equal(old.code, 4);
  assert.match(old.stderr, /\(TOKEN_INVALID\)/);
  assert.doesNotMatch(old.stderr, /of-last-year/);
});

test('C7 GO-10: Basic, Basic that lets anybody in, and Basic beside Bearer', async () => {
  const both = `Bearer realm="${tokens.url}/token",service="test", Basic realm="r"`;
  const users = basicAccess({ check: (_, password) => password === 'right', allow: () => true });
  const servers = [
    await registry('Basic realm="r"', (one) => one === ALICE),
    await serve({ registry: world.registry, access: users }),
    await registry(both, (one) => one === ALICE),
    await registry(both, (one) => one === 'Bearer alice'),
  ];
  try {
    for (const [at, { host }] of servers.entries()) {
      const known = await cli(['tags', `${host}/team/single`, '--creds', 'alice:right']);
      assert.equal(known.stdout, '1\n', known.stderr);
      assert.equal((await cli(['tags', `${host}/team/single`, '--no-creds'])).code, at === 1 ? 0 : 4);
    }
  } finally {
    for (const { close } of servers) await close();
  }
});

test('GO-4: a challenge that cannot be met, or is none, is an error of authentication', async () => {
  for (const challenge of ['Negotiate', 'NTLM, Digest realm="r", nonce="n"', '=']) {
    const served = await registry(challenge, () => false);
    for (const who of [['--no-creds'], ['--creds', 'alice:right']]) {
      const { code, stderr } = await cli(['tags', `${served.host}/team/single`, ...who]);
      assert.equal(code, 4, challenge);
      assert.match(stderr, /answered 401 \(UNAUTHORIZED\)/);
    }
    await served.close();
  }
});

test('C1 AUTH-8: ping tells every challenge as it was sent', async () => {
  const challenge = `Negotiate, Bearer realm="${tokens.url}/token?a=b",service="x, y", BASIC realm="say \\"hi\\""`;
  const served = await registry(challenge, (one) => one === ALICE || one === 'Bearer alice');
  const { code, stdout, stderr } = await cli(['ping', '--json', served.host, '--creds', 'alice:right']);
  await served.close();
  assert.equal(code, 0, stderr);
  const { challenges } = JSON.parse(stdout) as { challenges: unknown };
  assert.deepEqual(challenges, [
    { scheme: 'negotiate', parameters: {} },
    { scheme: 'bearer', parameters: { realm: `${tokens.url}/token?a=b`, service: 'x, y' } },
    { scheme: 'basic', parameters: { realm: 'say "hi"' } },
  ]);
});

test('C8: 403 is an error of authorization', async () => {
  const served = await serve({
    registry: world.registry,
    access: basicAccess({ check: () => true, allow: () => false }),
  });
  for (const words of [
    ['tags', 'team/single'],
    ['manifest', 'team/single:1'],
    ['digest', 'team/single:1'],
  ]) {
    const [verb = '', name = ''] = words;
    const { code, stderr } = await cli([verb, `${served.host}/${name}`, '--creds', 'alice:right']);
    assert.equal(code, 4);
    assert.match(stderr, /answered 403.*\(DENIED\)/);
  }
  await served.close();
});

test('AUTH-13: a 401 for what may not be there stays what it is, and says so', async () => {
  const { code, stderr } = await cli(['digest', `${world.host}/no/such:1`, '--no-creds']);
  assert.equal(code, 4);
  assert.match(
    stderr,
    /no\/such:1.* answered 401.*\(UNAUTHORIZED\); hint: it does not exist or needs a login: lading login/,
  );
});
