/** No secret is told by an error, an activity, or the command, however much a registry tells of what it was sent. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fixedCredentials } from '../../src/http/credentials.ts';
import type { Activity } from '../../src/model/call.ts';
import { nodeTransport } from '../../src/node/http/transport.ts';
import { createClient } from '../../src/registry/client.ts';
import type { Repository } from '../../src/registry/repository.ts';
import { contentFrom } from '../../src/store/content.ts';
import { buildImage } from '../../src/testing/fixtures.ts';
import { all } from '../../src/testing/samples.ts';
import { assertNoCanary, canary, credentials, everythingOf } from '../support/planted-secrets.ts';
import { allMoods, startTeller, type Teller } from '../support/secret-tellers.ts';
import { cli } from '../support/cli.ts';
import { testClock } from '../support/test-clock.ts';

let teller: Teller;
let home: string;
before(async () => {
  teller = await startTeller();
  home = await mkdtemp(path.join(tmpdir(), 'lading-secrets-'));
});
after(async () => {
  await teller[Symbol.asyncDispose]();
  await rm(home, { recursive: true });
});

const image = await buildImage({ layers: [{ files: { a: 'b' } }] });
const content = contentFrom(new TextEncoder().encode('a blob'));
const verbs: readonly ((repository: Repository, call: { on: (activity: Activity) => void }) => Promise<unknown>)[] = [
  (repository, call) => repository.manifest('v1', call),
  (repository, call) => repository.resolve('v1', call),
  (repository, call) => all(repository.tags(call)),
  (repository, call) => all(repository.blob(content.descriptor).open(call)),
  (repository, call) => repository.putBlob(content, call),
  (repository, call) => repository.putManifest(image.manifest, { ...call, tags: ['v1'] }),
  (repository, call) => repository.delete({ tag: 'v1' }, call),
];

describe('GEN-3: a registry that', () => {
  for (const mood of allMoods) {
    for (const [kind, credential] of Object.entries(credentials)) {
      test(`G10 GEN-3 CONN-9: ${mood} makes nobody tell ${kind}`, async () => {
        teller.mood = mood;
        const before = teller.trusted();
        const headers = { 'x-key': canary.header, cookie: canary.cookie };
        const client = createClient({
          transport: nodeTransport({ proxy: false }),
          clock: testClock(),
          credentials: fixedCredentials({ [teller.host]: credential }),
          hosts: { [teller.host]: { headers } },
          retry: { attempts: 2 },
        });
        const repository = client.repository(`${teller.host}/team/app`);
        let failed = 0;
        for (const verb of verbs) {
          const told: Activity[] = [];
          const error: unknown = await verb(repository, { on: (activity) => told.push(activity) }).then(
            () => undefined,
            (thrown: unknown) => thrown,
          );
          assertNoCanary(JSON.stringify(told), 'an activity');
          if (error === undefined) continue;
          failed++;
          assertNoCanary(everythingOf(error), String(verb));
        }
        await client.close();
        assert.ok(failed >= 3 && teller.trusted() > before);
      });
    }
  }
});

const flags: Readonly<Record<string, () => readonly string[]>> = {
  'a password': () => ['--creds', `me:${canary.password}`],
  'a token': () => ['--token', canary.token],
  'an identity token': () => [],
};

describe('GEN-3: a command', () => {
  for (const [kind, credential] of Object.entries(flags)) {
    test(`G10 GEN-3 CONN-9: tells nobody ${kind}, with --debug and --progress json`, async () => {
      const auths = { [teller.host]: { identitytoken: canary.identity } };
      await writeFile(path.join(home, 'config.json'), JSON.stringify(kind === 'an identity token' ? { auths } : {}));
      const name = `${teller.host}/team/app`;
      const host = `${teller.host},header=X-Key:${canary.header},header=Cookie:${canary.cookie}`;
      for (const mood of allMoods) {
        teller.mood = mood;
        for (const words of [
          ['manifest', `${name}:1`],
          ['tags', name],
          ['blob', 'get', `${name}@${content.descriptor.digest}`],
          ['blob', 'push', name, '-'],
        ]) {
          for (const how of [['--debug'], ['--debug', '--progress', 'json']]) {
            const line = [...words, ...how, ...credential(), '--host', host, '--retry', '0'];
            const { code, stdout, stderr } = await cli(line, { stdin: 'a blob', env: { DOCKER_CONFIG: home } });
            assertNoCanary(stdout + stderr, line.join(' '));
            if (words[0] === 'tags') assert.notEqual(code, 0);
            assert.match(stderr, /^(?:> [A-Z]+ http:|\{"type":"request","method":"[A-Z]+","url":"http:)/m);
          }
        }
      }
    });
  }

  test('G10 GEN-3: repeats no secret that stands where it should not', async () => {
    for (const words of [
      ['tags', `https://me:${canary.password}@${teller.host}/team/app`],
      ['ping', `me:${canary.password}@${teller.host}`],
      ['ping', teller.host, '--host', `${teller.host},origin=http://me:${canary.password}@${teller.host}`],
      ['copy', `me:${canary.password}@${teller.host}/a`, `${teller.host}/b`],
    ]) {
      const { code, stdout, stderr } = await cli([...words, '--debug']);
      assert.notEqual(code, 0);
      assertNoCanary(stdout + stderr, words.join(' '));
    }
  });
});
