/**
 * All that is done to images in registries, by the command, from one real registry to another and the other way: pull, push, copy,
 * a tag in a new repository, an appended layer, a tag that goes and one that stays, an image and a repository that go. Where
 * nothing was changed the bytes are equal, and skopeo sees the same as we do.
 */
import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { command, succeed } from '../support/command.ts';
import { needs } from '../support/real/find-tool.ts';
import { imageTools, realImages } from '../support/real/images.ts';
import { rawManifest } from '../support/real/raw-registry.ts';
import { type SetUp, setUps } from '../support/real/set-ups.ts';
import { skopeoCopy, skopeoInspectRaw } from '../support/real/skopeo.ts';
import { tarDirectory } from '../support/real/tar-files.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/real/temporary.ts';
import { umociUnpack } from '../support/real/umoci.ts';

const families = { oci: {}, docker: { format: 'v2s2' } } as const;
type Family = keyof typeof families;
type Tag = 'busybox' | 'platforms';

let open: SetUp;
let guarded: SetUp;
let work: TemporaryDirectory;
let env: Readonly<Record<string, string>>;
let flags: readonly string[];

/** Runs the command as somebody who has a login at the guarded registry, and trusts its authority. */
const lading = (...args: readonly string[]): Promise<string> => succeed([...args, ...flags], { env, cwd: work.path });
const exitCode = async (...args: readonly string[]): Promise<number | null> =>
  (await command([...args, ...flags], { env, cwd: work.path })).code;

interface Way {
  readonly from: SetUp;
  readonly to: SetUp;
  readonly family: Family;
  readonly tag: Tag;
}

describe('RUBY-70: both ways', needs('docker-registry', 'skopeo', 'openssl', ...imageTools), () => {
  before(async () => {
    open = await setUps.open();
    guarded = await setUps['basic over TLS']();
    work = await temporaryDirectory('both-ways');
    const { username, password } = guarded.account ?? { username: '', password: '' };
    const auth = Buffer.from(`${username}:${password}`).toString('base64');
    await writeFile(join(work.path, 'config.json'), JSON.stringify({ auths: { [guarded.host]: { auth } } }));
    await writeFile(join(work.path, 'ca.pem'), guarded.ca ?? '');
    env = { DOCKER_CONFIG: work.path };
    flags = ['--host', `${guarded.host},tls=on`, '--ca-file', join(work.path, 'ca.pem')];
    await mkdir(join(work.path, 'root/mydata'), { recursive: true });
    await writeFile(join(work.path, 'root/mydata/hello.txt'), 'hello from a tarball\n');
    await tarDirectory(join(work.path, 'root'), join(work.path, 'mydata.tar'));
  });
  after(async () => {
    await work?.remove();
    await guarded?.stop();
    await open?.stop();
  });

  for (const family of Object.keys(families) as Family[]) {
    for (const tag of ['busybox', 'platforms'] as const) {
      test(`${tag}, ${family} media types, from the open registry to the guarded one`, () =>
        travel({ from: open, to: guarded, family, tag }));
      test(`${tag}, ${family} media types, from the guarded registry to the open one`, () =>
        travel({ from: guarded, to: open, family, tag }));
    }
  }
});

async function travel({ from, to, family, tag }: Way): Promise<void> {
  const { layout } = await realImages();
  const name = `${family}/${tag}`;
  await skopeoCopy(`oci:${layout}:${tag}`, { registry: from.skopeo, reference: `${name}:1` }, families[family]);
  const wanted = (await rawManifest(from, name, '1'))?.bytes ?? assert.fail('skopeo has put nothing there');
  const digest = (await lading('digest', `${from.host}/${name}:1`)).trim();
  const isSame = async (reference: string): Promise<void> =>
    assert.ok(Buffer.from(await skopeoInspectRaw(to.skopeo, reference)).equals(wanted), reference);
  const pulled = `${family}-${tag}-${from === open ? 'there' : 'back'}`;

  await lading('pull', `${from.host}/${name}:1`, pulled);
  assert.equal(await lading('push', `oci:${pulled}:1`, `${to.host}/${name}:1`), `${to.host}/${name}:1@${digest}\n`);
  await isSame(`${name}:1`);
  await lading('copy', `${from.host}/${name}:1`, `${to.host}/${name}-copied:1`);
  await isSame(`${name}-copied:1`);
  await lading('copy', `${to.host}/${name}:1`, `${to.host}/${name}-renamed:10.5`);
  await isSame(`${name}-renamed:10.5`);

  await appended(to, `${name}:1`, `${pulled}-appended`, family);
  await isSame(`${name}:1`);

  await lading('tag', `${to.host}/${name}:1`, 'sibling');
  await lading('untag', '--yes', `${to.host}/${name}:sibling`);
  assert.equal(await exitCode('digest', `${to.host}/${name}:sibling`), 3);
  await isSame(`${name}:1`);

  await lading('delete', '--yes', `${to.host}/${name}-copied@${digest}`);
  assert.equal(await exitCode('digest', `${to.host}/${name}-copied:1`), 3);
  await assert.rejects(skopeoInspectRaw(to.skopeo, `${name}-copied:1`));

  await lading('tag', `${to.host}/${name}-renamed:10.5`, '10', 'latest');
  await lading('delete-repo', '--yes', `${to.host}/${name}-renamed`);
  assert.notEqual(await exitCode('digest', `${to.host}/${name}-renamed:latest`), 0);
  await assert.rejects(skopeoInspectRaw(to.skopeo, `${name}-renamed:10.5`));
  await isSame(`${name}:1`);
}

interface Image {
  readonly layers?: readonly { readonly mediaType: string; readonly digest: string }[];
  readonly manifests?: readonly { readonly digest: string }[];
}

/** Appends a tarball, pulls the image again, and looks for its file. */
async function appended(to: SetUp, name: string, directory: string, family: Family): Promise<void> {
  const image = `${to.host}/${name}`;
  const result = `${image.replace(/:1$/, '')}:appended`;
  await lading('append', image, 'mydata.tar', '--tag', result);
  const read = async (reference: string): Promise<Image> =>
    JSON.parse(Buffer.from(await skopeoInspectRaw(to.skopeo, reference)).toString()) as Image;
  const path = name.replace(/:1$/, '');
  const before = await read(name);
  const after = await read(`${path}:appended`);
  const oldChildren = before.manifests ?? [undefined];
  const newChildren = after.manifests ?? [undefined];
  assert.equal(newChildren.length, oldChildren.length);
  for (const [at, child] of newChildren.entries()) {
    const old = oldChildren[at] === undefined ? before : await read(`${path}@${oldChildren[at]?.digest}`);
    const now = child === undefined ? after : await read(`${path}@${child.digest}`);
    assert.equal(now.layers?.length, (old.layers?.length ?? 0) + 1);
    assert.deepEqual(now.layers?.slice(0, -1), old.layers);
    assert.match(now.layers?.at(-1)?.mediaType ?? '', family === 'oci' ? /vnd\.oci/ : /vnd\.docker/);
  }
  await lading('pull', '--platform', 'linux/amd64', result, directory);
  assert.equal(await exitCode('validate', `oci:${directory}:appended`), 0);
  // umoci reads OCI media types only
  if (family === 'docker') return;
  await umociUnpack(`${join(work.path, directory)}:appended`, join(work.path, `${directory}-unpacked`));
  const file = join(work.path, `${directory}-unpacked`, 'rootfs/mydata/hello.txt');
  assert.equal(await readFile(file, 'utf8'), 'hello from a tarball\n');
}
