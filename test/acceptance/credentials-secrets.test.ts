/** No secret of anybody is told by a command with `--debug`, nor by an error or an activity, whatever the servers do. */
import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { collect } from '../../src/graph/collect.ts';
import { copy } from '../../src/graph/copy.ts';
import { encodeBasic } from '../../src/http/basic.ts';
import { fixedCredentials } from '../../src/http/credentials.ts';
import type { Activity } from '../../src/model/call.ts';
import { createServer } from '../../src/server/app.ts';
import type { Handler } from '../../src/server/handler.ts';
import { tokenAccess } from '../../src/server/token-access.ts';
import { createMemoryRegistry } from '../../src/store/memory.ts';
import type { IngestRegistry } from '../../src/store/types.ts';
import { buildImage, putBuilt } from '../../src/testing/fixtures.ts';
import * as quirks from '../../src/testing/quirks.ts';
import { changing, combine, requestTo, type Wrap } from '../../src/testing/wrap.ts';
import { assertNoCanary, canary, everythingOf } from '../support/planted-secrets.ts';
import { hostileNetwork, type Network, type Place } from '../support/hostile-network.ts';
import { withoutTls } from '../support/tls.ts';

const skip = withoutTls;
const image = await buildImage({ layers: [{ files: { a: 'b' } }] });
const names = ['team/app', 'team/copy', 'team/pushed'];
const signature = `X-Amz-Signature=${canary.signature}&sig=${canary.signature}&X-Amz-Credential=${canary.signature}`;

/** Refuses the manifests of one repository with all that it was sent. */
const refusing: Wrap = (handler) => async (request, info) => {
  if (!requestTo('manifest', 'PUT')(request) || !request.url.includes('/refused/')) return handler(request, info);
  const elsewhere = `https://cdn.test/b?${signature} https://me:${canary.password}@cdn.test/u?_state=${canary.state}`;
  const told = `${request.url} ${JSON.stringify([...request.headers])} ${elsewhere}`;
  const errors = [{ code: 'DENIED', message: told, detail: { elsewhere, headers: [...request.headers] } }];
  return Response.json({ errors }, { status: 403, headers: { 'x-told': told, warning: `299 - "${told}"` } });
};

interface World {
  readonly network: Network;
  readonly reg: Place;
  readonly cdn: Place;
}

/** A registry with a token server, a storage behind signed URLs, uploads with a state, and sessions in cookies. */
async function world(network: Network, registry: IngestRegistry): Promise<World> {
  const grants = [...names, 'team/refused'].map((name) => ({
    type: 'repository',
    name,
    actions: ['pull', 'push', 'delete'],
  }));
  const tokens: Handler = async (request) => {
    const knows =
      request.headers.get('authorization') === encodeBasic({ username: 'me', password: canary.password }) ||
      (await request.text()).includes(canary.identity);
    return knows
      ? Response.json({ token: canary.issued, access_token: canary.issued, refresh_token: canary.identity })
      : Response.json({ errors: [{ code: 'UNAUTHORIZED' }] }, { status: 401 });
  };
  const auth = await network.open('auth.reg.test', tokens);
  const verify = (token: string) => (token === canary.issued ? { grants } : undefined);
  const access = tokenAccess({ realm: `${auth.url}/token`, service: 's', verify });
  const cdn = await network.open('cdn.test', quirks.refuseAuthorization()(createServer({ registry })));
  const cookies = changing(
    () => true,
    () => ({ headers: { 'set-cookie': `sid=${canary.cookie}` } }),
  );
  const wraps = combine(
    cookies,
    refusing,
    quirks.statefulLocation(`_state=${canary.state}`),
    quirks.redirectBlobs(cdn.url, { query: signature }),
  );
  const reg = await network.open('reg.test', wraps(createServer({ registry, access })));
  return { network, reg, cdn };
}

test('G10: the command tells no secret, with --debug, whatever it does', { skip }, async (t) => {
  const network = await hostileNetwork(t);
  const registry = createMemoryRegistry();
  await putBuilt(registry.repository('team/app'), image, { tags: ['1'] });
  const { reg, cdn } = await world(network, registry);
  const key = network.certificates.client.key.split('\n')[1] ?? assert.fail();
  const own = ['--host', `${reg.host},header=X-Key:${canary.header},header=Cookie:sid=${canary.cookie}`];
  const at = (name: string): string => `${reg.host}/team/${name}:1`;
  const folder = (name: string): string => join(network.folder, name);
  const run = async (
    words: readonly string[],
    exit: number,
    env: Record<string, string>,
    stdin = '',
  ): Promise<void> => {
    const { code, stdout, stderr } = await network.cli([...words, ...own], { certified: true, env, stdin });
    assert.equal(code, exit, `${words.join(' ')}\n${stderr}`);
    assert.match(stderr, /^(?:> [A-Z]+ https:|\{"type":"request","method":"[A-Z]+","url":"https:)/m);
    assertNoCanary(stdout + stderr, words.join(' '));
    assert.ok(!(stdout + stderr).includes(key), 'the key of the client');
  };
  let turn = 0;
  for (const how of [['--debug'], ['--debug', '--progress', 'json']]) {
    for (const kind of ['login', 'identity', 'creds'] as const) {
      turn++;
      const home = folder(`home${turn}`);
      const env = { DOCKER_CONFIG: home };
      await mkdir(home);
      if (kind === 'login') {
        const line = ['login', reg.host, '-u', 'me', '--password-stdin', ...how];
        await run(line, 0, env, canary.password);
        const file = await readFile(join(home, 'config.json'), 'utf8');
        assert.ok(file.includes(btoa(`me:${canary.password}`)));
      }
      if (kind === 'identity') {
        await writeFile(
          join(home, 'config.json'),
          JSON.stringify({ auths: { [reg.host]: { identitytoken: canary.identity } } }),
        );
      }
      const flags = kind === 'creds' ? [...how, '--creds', `me:${canary.password}`] : how;
      await run(['pull', at('app'), folder(`pulled${turn}`), ...flags], 0, env);
      await run(['copy', at('app'), at('copy'), '--force', ...flags], 0, env);
      await run(['push', `oci:${folder(`pulled${turn}`)}:1`, at('pushed'), ...flags], 0, env);
      await run(['tags', `${reg.host}/team/app`, ...flags], 0, env);
      await run(['push', `oci:${folder(`pulled${turn}`)}:1`, at('refused'), ...flags], 4, env);
    }
    const env = { DOCKER_CONFIG: folder('nothing') };
    await run(['tags', `${reg.host}/team/app`, '--token', canary.issued, ...how], 0, env);
    await run(['tags', `${reg.host}/team/app`, '--token', canary.token, ...how], 4, env);
    const wrong = ['login', reg.host, '-u', 'me', '--password-stdin', ...how];
    await run(wrong, 4, { DOCKER_CONFIG: folder('home1') }, `${canary.password}-wrong`);
  }
  assert.ok(reg.requests.some(({ path }) => path.includes(`_state=${canary.state}`)));
  assert.ok(reg.requests.some(({ headers }) => headers.authorization === `Bearer ${canary.issued}`));
  assert.ok(cdn.requests.some(({ path }) => path.includes(canary.signature)));
});

test('G10: no activity and no error of the library tells a secret', { skip }, async (t) => {
  const network = await hostileNetwork(t);
  const registry = createMemoryRegistry();
  await putBuilt(registry.repository('team/app'), image, { tags: ['1'] });
  const { reg } = await world(network, registry);
  const key = network.certificates.client.key.split('\n')[1] ?? assert.fail();
  const assertSecret = (told: string, what: string): void => {
    assertNoCanary(told, what);
    assert.ok(!told.includes(key), `${what} tells the key of the client`);
  };
  const kinds = [
    { username: 'me', password: canary.password },
    { identityToken: canary.identity },
    { registryToken: canary.issued },
    { username: 'me', password: `${canary.password}-wrong` },
    { registryToken: canary.token },
  ];
  for (const [at, credential] of kinds.entries()) {
    const client = network.client({
      credentials: fixedCredentials({ [reg.host]: credential }),
      hosts: { [reg.host]: { headers: { 'x-key': canary.header, cookie: `sid=${canary.cookie}` } } },
      certified: reg.host,
    });
    const repository = (name: string): ReturnType<typeof client.repository> =>
      client.repository(`${reg.host}/team/${name}`);
    const told: Activity[] = [];
    const on = (activity: Activity): void => void told.push(activity);
    const attempts = [
      () => client.ping(reg.host, { on }),
      () => collect(repository('app').tags({ on })),
      () => copy(repository('app'), '1', createMemoryRegistry().repository('local'), { tags: ['1'], on }),
      () => copy(repository('app'), '1', repository('copy'), { tags: ['1'], on }),
      () => putBuilt(repository('pushed'), image, { tags: ['1'], on }),
      () => putBuilt(repository('refused'), image, { tags: ['1'], on }),
    ];
    const errors: unknown[] = [];
    for (const attempt of attempts) await Promise.resolve(attempt()).catch((error: unknown) => errors.push(error));
    assert.equal(errors.length, at >= 3 ? attempts.length : 1, errors.map(String).join('\n'));
    for (const error of errors) assertSecret(everythingOf(error), String(error));
    assert.ok(told.length > 10);
    assertSecret(JSON.stringify(told) + inspect(told, { depth: 20, showHidden: true }), 'an activity');
  }
});
