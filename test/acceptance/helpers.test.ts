/** Credential helpers, as the command meets them through a configuration that somebody else may have written. */
import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { collect } from '../../src/graph/collect.ts';
import { dockerCredentials } from '../../src/node/credentials/docker-config.ts';
import { createServer } from '../../src/server/app.ts';
import { tokenAccess } from '../../src/server/token-access.ts';
import { createMemoryRegistry } from '../../src/store/memory.ts';
import { buildImage, putBuilt } from '../../src/testing/fixtures.ts';
import { assertNoCanary, canary } from '../support/planted-secrets.ts';
import type { CliResult } from '../support/cli.ts';
import { answers, fakeHome, type FakeHome, NOT_FOUND } from '../support/fake-helper.ts';
import { assertTold, hostileNetwork, type Network, type Place } from '../support/hostile-network.ts';
import { refused } from '../support/refused.ts';
import { withoutTls } from '../support/tls.ts';
import { until } from '../support/until.ts';

const skip = withoutTls;
const registry = createMemoryRegistry();
await putBuilt(registry.repository('team/app'), await buildImage({ layers: [] }), { tags: ['1'] });

interface World extends FakeHome {
  readonly reg: Place;
  readonly network: Network;
  /** What the token server was sent: `GET` or the form of a POST. */
  readonly grants: string[];
  readonly tags: () => Promise<CliResult>;
}

/** A registry where anybody reads, and the tags of a repository as the command tells them. */
async function world(t: TestContext, config: (host: string) => object): Promise<World> {
  const network = await hostileNetwork(t);
  const home = await fakeHome(t);
  const grants: string[] = [];
  const auth = await network.open('auth.reg.test', async (request) => {
    grants.push(`${request.method} ${await request.text()}`);
    return Response.json({ access_token: canary.issued, token: canary.issued });
  });
  const verify = (): { grants: [{ type: string; name: string; actions: string[] }] } => ({
    grants: [{ type: 'repository', name: 'team/app', actions: ['pull'] }],
  });
  const access = tokenAccess({ realm: `${auth.url}/token`, service: 's', verify });
  const reg = await network.open('reg.test', createServer({ registry, access }));
  await home.write('.docker/config.json', config(reg.host));
  return {
    ...home,
    reg,
    network,
    grants,
    tags: () => network.cli(['tags', `${reg.host}/team/app`], { env: home.env, here: true }),
  };
}

/** How many processes this one has started, whatever they are. */
function started(t: TestContext): () => number {
  let count = 0;
  const onStart = (): void => void count++;
  subscribe('child_process', onStart);
  t.after(() => unsubscribe('child_process', onStart));
  return () => count;
}

const places: Readonly<Record<string, (name: string, host: string) => object>> = {
  credHelpers: (name, host) => ({ credsStore: 'evil', auths: {}, credHelpers: { [host]: name } }),
  credsStore: (name) => ({ credsStore: name, auths: {} }),
};

describe('G12: a helper that no helper can be called', () => {
  for (const name of ['../../evil', 'a b', '-x', '/bin/sh', '']) {
    for (const [place, config] of Object.entries(places)) {
      test(`G12: ${JSON.stringify(name)} in ${place} is started by nobody`, { skip }, async (t) => {
        const { tags, asked, helper, reg } = await world(t, (host) => config(name, host));
        for (const there of ['evil', 'a b', '-x']) await helper(there, answers('u', canary.password));
        const count = started(t);
        const result = await tags();
        // An empty name takes the host out of the store, as docker has it: then nobody is asked.
        if (name === '') assert.equal(result.stdout, '1\n', result.stderr);
        else
          assertTold(result, 4, /is not the name of a credential helper \(CREDENTIALS\)/, /hint: a helper is named by/);
        assert.deepEqual([count(), await asked()], [0, []]);
        assert.ok(reg.requests.every(({ headers }) => headers.authorization?.startsWith('Basic') !== true));
      });
    }
  }
});

test('G12: a helper that hangs is ended with what it started, and nobody is asked without its answer', {
  skip,
}, async (t) => {
  const { network, reg, env, home, helper, grants } = await world(t, () => ({ credsStore: 'slow' }));
  await helper('slow', `sleep 600 & echo $! > '${home}/pid'; wait`);
  const client = network.client({ credentials: dockerCredentials({ env, home, helperTimeoutMs: 500 }) });
  const says = /docker-credential-slow get .*longer than 500 ms/;
  await refused(collect(client.repository(`${reg.host}/team/app`).tags()), 'CREDENTIALS', says);
  const pid = (await readFile(join(home, 'pid'), 'utf8')).trim();
  const state = async (): Promise<string> => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') Z');
  let gone = false;
  const look = async (): Promise<void> => void (gone = /\) Z/.test(await state()));
  await until(() => (void look(), gone), 'the process has ended');
  assert.deepEqual(grants, []);
});

test('G12: a helper that prints without end is stopped', { skip }, async (t) => {
  const { tags, helper, grants } = await world(t, () => ({ credsStore: 'flood' }));
  await helper('flood', 'yes | head -c 100000000');
  assertTold(await tags(), 4, /docker-credential-flood get .*more than 1048576 bytes \(CREDENTIALS\)/, /hint: /);
  assert.deepEqual(grants, []);
});

test('G12: a helper that knows nothing leaves the user anonymous', { skip }, async (t) => {
  const { tags, helper, grants, asked, reg } = await world(t, () => ({ credsStore: 'none' }));
  await helper('none', NOT_FOUND);
  const count = started(t);
  const { stdout, stderr } = await tags();
  assert.equal(stdout, '1\n', stderr);
  assert.equal(count(), 1);
  assert.deepEqual(grants, ['GET ']);
  assert.deepEqual(await asked(), [`none get ${reg.host}`]);
});

test('G12: the user <token> is a refresh token, and is exchanged as one', { skip }, async (t) => {
  const { tags, helper, grants } = await world(t, () => ({ credsStore: 'store' }));
  await helper('store', answers('<token>', canary.identity));
  const result = await tags();
  assert.equal(result.stdout, '1\n', result.stderr);
  assert.equal(grants.length, 1);
  const form = new URLSearchParams(grants[0]?.replace('POST ', ''));
  assert.deepEqual([form.get('grant_type'), form.get('refresh_token')], ['refresh_token', canary.identity]);
  assert.equal(form.get('password'), null);
  assertNoCanary(JSON.stringify(result), 'the command');
});
