import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { serve, type Served } from '../../src/node/serve/serve.ts';
import { basicAccess } from '../../src/server/basic-access.ts';
import { tokenAccess } from '../../src/server/token-access.ts';
import { cli } from '../support/cli.ts';
import { openWorld, type World } from '../support/cli-world.ts';

let tokens: Served;
let world: World;
let basic: World;
const asked: URLSearchParams[] = [];

before(async () => {
  tokens = await serve(async (request) => {
    asked.push(new URL(request.url).searchParams);
    return Response.json({ token: `token-${asked.length}` });
  });
  const verify = (): { grants: [] } => ({ grants: [] });
  world = await openWorld({ access: tokenAccess({ realm: `${tokens.url}/token`, service: 'test', verify }) });
  basic = await openWorld({ access: basicAccess({ check: () => true }) });
});
after(async () => {
  await Promise.all([world.close(), basic.close(), tokens.close()]);
});

test('GO-12 NODE-25: prints the token that opens a repository', async () => {
  const { code, stdout, stderr } = await cli(['auth', 'token', `${world.host}/team/app:1.0`]);
  assert.equal(code, 0, stderr);
  assert.equal(stdout, `token-${asked.length}\n`);
  assert.deepEqual(asked.at(-1)?.getAll('scope'), ['repository:team/app:pull']);
});

test('NODE-25: asks for more where more is wanted, and prints the header', async () => {
  const { stdout } = await cli(['auth', 'token', '--push', '-H', `${world.host}/team/app`]);
  assert.equal(stdout, `Authorization: Bearer token-${asked.length}\n`);
  assert.deepEqual(asked.at(-1)?.getAll('scope'), ['repository:team/app:pull,push']);
});

test('tells when there is no token to be had', async () => {
  const open = await openWorld();
  const free = await cli(['auth', 'token', `${open.host}/team/app`]);
  await open.close();
  assert.equal(free.code, 7);
  assert.match(free.stderr, /asks for no login/);
  const password = await cli(['auth', 'token', '--creds', 'me:secret', `${basic.host}/team/app`]);
  assert.equal(password.code, 7);
  assert.match(password.stderr, /wants a password with each request/);
  assert.doesNotMatch(password.stderr, /secret/);
});
