/**
 * The whole way of real images by the command alone, as a script goes it: from the registry that skopeo filled to a second one,
 * into a layout, and back; in each of the four set-ups, for both families of media types. Others judge what arrived.
 */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { succeed } from '../support/command.ts';
import { needs, toolPath } from '../support/real/find-tool.ts';
import { imageTools, realImages } from '../support/real/images.ts';
import { assertLayoutFiles } from '../support/real/layout-files.ts';
import { attach, rawManifest } from '../support/real/raw-registry.ts';
import { assertSameContent } from '../support/real/same-content.ts';
import { type SetUp, type SetUpName, setUps, setUpTools } from '../support/real/set-ups.ts';
import { skopeoCopy, skopeoInspectRaw } from '../support/real/skopeo.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/real/temporary.ts';
import { umociUnpack } from '../support/real/umoci.ts';

const families = { oci: {}, docker: { format: 'v2s2' } } as const;
type Family = keyof typeof families;
/** One image, and an index of three. */
const tags = ['busybox', 'platforms'] as const;
type Tag = (typeof tags)[number];

/** How a user tells the command what it must know of a set-up. */
interface Told {
  readonly copy: readonly string[];
  readonly pull: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Each in another way: nothing at all, flags, a login, docker's file and a setting of the host. */
const telling: Readonly<Record<SetUpName, (setUp: SetUp, directory: string) => Promise<Told>>> = {
  open: async () => ({ copy: [], pull: [] }),
  'basic over TLS': async ({ host, account, ca }, directory) => {
    const file = join(directory, 'ca.pem');
    await writeFile(file, ca ?? '');
    const creds = `${account?.username}:${account?.password}`;
    // On the loopback it would be plain http.
    const flags = ['--host', `${host},tls=on`, '--ca-file', file];
    return { copy: [...flags, '--to-creds', creds], pull: [...flags, '--creds', creds] };
  },
  token: async ({ host, account, realms }, directory) => {
    const flags = ['--host', [host, ...realms.map((realm) => `realm=${realm}`)].join()];
    const env = { DOCKER_CONFIG: directory };
    const args = ['login', '-u', account?.username ?? '', '--password-stdin', ...flags, host];
    await succeed(args, { env, stdin: `${account?.password}\n` });
    return { copy: flags, pull: flags, env };
  },
  'prefix with redirected blobs': async ({ host, account, pathPrefix }, directory) => {
    const auth = Buffer.from(`${account?.username}:${account?.password}`).toString('base64');
    await writeFile(join(directory, 'config.json'), JSON.stringify({ auths: { [host]: { auth } } }));
    const flags = ['--host', `${host},prefix=${pathPrefix}`];
    return { copy: flags, pull: flags, env: { DOCKER_CONFIG: directory } };
  },
};

/** The first registry: what skopeo put there is what everything is compared with. */
let first: SetUp;

describe('real images by the command', needs('docker-registry', 'skopeo', ...imageTools), () => {
  before(async () => {
    const { layout } = await realImages();
    first = await setUps.open();
    for (const family of ['oci', 'docker'] as const) for (const tag of tags) await fill(layout, family, tag);
  });
  after(() => first?.stop());

  for (const name of Object.keys(setUps) as SetUpName[]) {
    describe(`to a registry (${name}), to a layout, and back`, needs(...setUpTools[name]), () => {
      let second: SetUp;
      let work: TemporaryDirectory;
      let told: Told;
      before(async () => {
        second = await setUps[name]();
        work = await temporaryDirectory('command');
        told = await telling[name](second, work.path);
      });
      after(async () => {
        await work?.remove();
        await second?.stop();
      });
      for (const family of ['oci', 'docker'] as const) {
        for (const tag of tags) {
          test(`${tag}, ${family} media types`, () => travel(second, told, work.path, family, tag));
        }
      }
      test('all that while the registry was what it is', () => second.assertUsed());
    });
  }
});

/** Puts an image into the first registry by skopeo, and attaches things to it by plain requests. */
async function fill(layout: string, family: Family, tag: Tag): Promise<void> {
  await skopeoCopy(
    `oci:${layout}:${tag}`,
    { registry: first.skopeo, reference: `source/${family}:${tag}` },
    families[family],
  );
  const found = await rawManifest(first, `source/${family}`, tag);
  assert.ok(found);
  const bill = await attach(first, `source/${family}`, found.descriptor, 'application/vnd.example.bill+json');
  await attach(first, `source/${family}`, bill, 'application/vnd.example.signature');
}

/** One image on its way, and the judgements at each stop. */
async function travel(second: SetUp, told: Told, cwd: string, family: Family, tag: Tag): Promise<void> {
  const source = { registry: first, name: `source/${family}` };
  const wanted = await rawManifest(first, source.name, tag);
  assert.ok(wanted);
  const { digest } = wanted.descriptor;
  const [there, back] = [`there/${family}`, `back/${family}`];
  const layout = `${family}-${tag}`;
  const lading = (...args: readonly string[]): Promise<string> => succeed(args, { cwd, env: told.env });

  const copied = await lading(
    'copy',
    '--referrers',
    ...told.copy,
    `${first.host}/${source.name}:${tag}`,
    `${second.host}/${there}:${tag}`,
  );
  assert.equal(copied, `${second.host}/${there}:${tag}@${digest}\n`);
  const compared = await assertSameContent(source, { registry: second, name: there }, tag);
  assert.equal(compared.size, tag === 'platforms' ? 6 : 3);
  assert.ok(Buffer.from(await skopeoInspectRaw(second.skopeo, `${there}:${tag}`)).equals(wanted.bytes));

  const pulled = await lading('pull', '--referrers', ...told.pull, `${second.host}/${there}:${tag}`, layout);
  assert.equal(pulled, `oci:${layout}:${tag}@${digest}\n`);
  assert.equal(await assertLayoutFiles(join(cwd, layout), tag), digest);
  if (tag === 'busybox' && family === 'oci') await unpack(join(cwd, layout), tag);

  const pushed = await lading(
    'push',
    '--referrers',
    ...told.copy,
    `oci:${layout}:${tag}`,
    `${second.host}/${back}:${tag}`,
  );
  assert.equal(pushed, `${second.host}/${back}:${tag}@${digest}\n`);
  assert.deepEqual(await assertSameContent(source, { registry: second, name: back }, tag), compared);
}

/** umoci checks every digest and diff id on its way, and reads OCI media types only. */
async function unpack(layout: string, tag: Tag): Promise<void> {
  await umociUnpack(`${layout}:${tag}`, `${layout}-unpacked`);
  const program = await readFile(join(`${layout}-unpacked`, 'rootfs/bin/busybox'));
  assert.ok(program.equals(await readFile(toolPath('busybox'))));
}
