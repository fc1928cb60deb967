/** Every verb of docker_registry2 at a registry that refuses it: who we are and what we may are two errors, and nothing is left behind. */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type ErrorCode, OciError } from '../../src/errors.ts';
import { collect } from '../../src/graph/collect.ts';
import { search } from '../../src/graph/search.ts';
import { tagDigests } from '../../src/graph/tag-digests.ts';
import { fixedCredentials } from '../../src/http/credentials.ts';
import { openImage } from '../../src/image/image.ts';
import { pullLayers } from '../../src/node/layers/layer-files.ts';
import { saveContent } from '../../src/node/files/save-content.ts';
import { serve } from '../../src/node/serve/serve.ts';
import { nodeTransport } from '../../src/node/http/transport.ts';
import { createClient } from '../../src/registry/client.ts';
import type { Access, Action } from '../../src/server/access.ts';
import { basicAccess } from '../../src/server/basic-access.ts';
import { buildImage, type Built, putBuilt } from '../../src/testing/fixtures.ts';
import { all } from '../../src/testing/samples.ts';
import { cli } from '../support/cli.ts';
import { openWorld, type World } from '../support/cli-world.ts';
import { rejection } from '../support/failure.ts';
import { scratch } from '../support/layouts.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/real/temporary.ts';
import { type TestRegistry, testRegistry } from '../support/test-registry.ts';

/** Nobody's password is right. */
const wrongPassword: Access = basicAccess({ check: () => false });
/** Everybody is known, and may do this only. */
const only = (...actions: readonly Action[]): Access =>
  basicAccess({ check: () => true, allow: (user, { action }) => user !== undefined && actions.includes(action) });

const image: Built = await buildImage({ layers: [{ files: { a: 'b' } }] });
const [, layer] = image.blobs;

async function withImage(access: Access): Promise<TestRegistry> {
  const credentials = fixedCredentials({ 'registry.test': { username: 'me', password: 'mine' } });
  const made = testRegistry({ server: { access }, client: { credentials } });
  await putBuilt(made.registry.repository('team/app'), image, { tags: ['1'] });
  return made;
}

type Verb = (made: TestRegistry, folder: string) => Promise<unknown>;
const verbs: Readonly<Record<string, Verb>> = {
  search: ({ client }) => collect(search(client.registry('registry.test'), 'app')),
  tags: ({ repository }) => all(repository.tags()),
  'tags by pages': ({ repository }) => repository.tagPage(),
  'tags with digests': ({ repository }) => collect(tagDigests(repository, { tags: ['1'] })),
  manifest: ({ repository }) => repository.manifest('1'),
  digest: ({ repository }) => repository.resolve('1'),
  'the config': ({ repository }) => openImage(repository, '1'),
  'the size of a blob': ({ repository }) => repository.stat(image.manifest.links[1]?.descriptor.digest ?? 'x:y'),
  blob: ({ repository }) => all(repository.blob(layer?.descriptor ?? assert.fail()).open()),
  'blob to a file': ({ repository }, folder) =>
    saveContent(repository.blob(layer?.descriptor ?? assert.fail()), join(folder, 'blob')),
  pull: ({ repository }, folder) => pullLayers(repository, image.manifest, folder),
};

interface Refusal {
  readonly id: string;
  readonly what: string;
  readonly code: ErrorCode;
  readonly status: number;
  readonly access: Access;
}

const reads: readonly Refusal[] = [
  { id: 'RUBY-50', what: 'a wrong password', code: 'UNAUTHORIZED', status: 401, access: wrongPassword },
  { id: 'RUBY-51', what: 'no right to read', code: 'DENIED', status: 403, access: only('ping') },
];
const writes: readonly Refusal[] = [
  { id: 'RUBY-66', what: 'a wrong password', code: 'UNAUTHORIZED', status: 401, access: wrongPassword },
  { id: 'RUBY-67', what: 'no right to write', code: 'DENIED', status: 403, access: only('ping', 'catalog', 'pull') },
];

for (const { id, what, code, status, access } of reads) {
  describe(`${id}: with ${what}`, () => {
    for (const [verb, attempt] of Object.entries(verbs)) {
      test(`${verb} ends with ${code}`, async (t) => {
        const folder = await scratch(t);
        assert.equal((await rejection(code, attempt(await withImage(access), folder))).status, status);
        assert.deepEqual(await readdir(folder), []);
      });
    }
  });
}

let open: World;
let folder: TemporaryDirectory;

before(async () => {
  open = await openWorld();
  folder = await temporaryDirectory('refusals');
  for (const line of ['pull OPEN/team/single:1 layout', 'pull --layers layers OPEN/team/single:1']) {
    assert.equal((await run(line, open)).code, 0);
  }
});
after(async () => {
  await open.close();
  await folder.remove();
});

function run(line: string, world: World): ReturnType<typeof cli> {
  const digest = open.single.manifest.links[1]?.descriptor.digest ?? '';
  const names = { OPEN: open.host, REGISTRY: world.host, BLOB: `${world.host}/team/single@${digest}` };
  const words = line.replaceAll(/OPEN|REGISTRY|BLOB/g, (name) => names[name as keyof typeof names]).split(' ');
  return cli([...words, '--creds', 'me:mine'], { cwd: folder.path });
}

const readCommands = [
  'repos REGISTRY app',
  'tags REGISTRY/team/single',
  'tags --digests REGISTRY/team/single',
  'manifest REGISTRY/team/single:1',
  'digest REGISTRY/team/single:1',
  'config REGISTRY/team/single:1',
  'inspect REGISTRY/team/single:1',
  'size REGISTRY/team/single:1',
  'blob get BLOB -o blob',
  'pull REGISTRY/team/single:1 pulled',
  'pull --layers pulled REGISTRY/team/single:1',
];
const writeCommands = [
  'push layout REGISTRY/new/single:1',
  'push --layers layers REGISTRY/new/single:1',
  'tag REGISTRY/team/single:1 another',
  'copy REGISTRY/team/single:1 REGISTRY/new/single:1',
  'copy OPEN/team/app:1.0 REGISTRY/new/app:1',
  'untag --yes REGISTRY/team/single:1',
  'delete-repo --yes REGISTRY/team/single',
  'blob push REGISTRY/new/single layers/manifest.json',
  'manifest push layers/manifest.json REGISTRY/team/single:2',
];

for (const [commands, refusals] of [
  [readCommands, reads],
  [writeCommands, writes],
] as const) {
  for (const { id, what, code, access } of refusals) {
    test(`${id}: with ${what} a command ends with 4, says ${code}, and all is as it was`, async (t) => {
      const world = await openWorld({ access });
      t.after(() => world.close());
      for (const line of commands) {
        const { code: ended, stdout, stderr } = await run(line, world);
        assert.equal(ended, 4, `${line}: ${stderr}`);
        assert.match(stderr, new RegExp(`\\(${code}\\)`), line);
        assert.equal(stdout, '', line);
      }
      assert.deepEqual((await readdir(folder.path)).sort(), ['layers', 'layout']);
      assert.deepEqual(await all(world.registry.repositories()), ['team/app', 'team/single']);
      assert.deepEqual(await all(world.registry.repository('team/single').tags()), ['1']);
    });
  }
}

test('RUBY-69: whatever goes wrong is an error of one class, and of a command one line and one exit code', async (t) => {
  const web = await serve(async () => new Response('<html>', { headers: { 'content-type': 'text/html' } }));
  t.after(web.close);
  const guarded = await openWorld({ access: wrongPassword });
  t.after(() => guarded.close());
  const client = createClient({ transport: nodeTransport({ proxy: false }), retry: { attempts: 1 } });
  t.after(() => client.close());
  const cases: readonly (readonly [string, number, ErrorCode, () => Promise<unknown>])[] = [
    ['manifest OPEN/no/such:1', 3, 'NOT_FOUND', () => client.repository(`${open.host}/no/such`).manifest('1')],
    ['tags REGISTRY/team/app', 4, 'UNAUTHORIZED', () => all(client.repository(`${guarded.host}/team/app`).tags())],
    ['ping 127.0.0.1:1', 6, 'UNREACHABLE', () => client.ping('127.0.0.1:1')],
    [`ping ${web.host}`, 7, 'NOT_A_REGISTRY', () => client.ping(web.host)],
    ['tags OPEN/UPPER', 2, 'REFERENCE_INVALID', async () => client.repository(`${open.host}/UPPER`)],
    [`repos ${web.host}`, 1, 'PROTOCOL', () => all(client.registry(web.host).repositories())],
  ];
  for (const [line, exit, code, attempt] of cases) {
    assert.ok((await rejection(code, attempt())) instanceof OciError);
    const { code: ended, stderr } = await run(line, guarded);
    assert.equal(ended, exit, stderr);
    assert.match(stderr, new RegExp(`^error: .* \\(${code}\\)(; hint: .*)?\n$`));
  }
});
