/** G38: what cannot be read or written as it stands is never replaced by something empty; and what is no file is not waited for. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmod, lstat, mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { dockerCredentials } from '../../src/node/credentials/docker-config.ts';
import { directoryRegistry } from '../../src/node/directory/directory-registry.ts';
import { serve } from '../../src/node/serve/serve.ts';
import { buildImage, putBuilt } from '../../src/testing/fixtures.ts';
import { type CliResult, cli } from '../support/cli.ts';
import { facts } from '../support/canary.ts';
import { scratch } from '../support/layouts.ts';
import { type ProxiedRegistry, startProxiedRegistry } from '../support/proxied-registry.ts';
import { asOrdinaryUser, giveTo } from '../support/ordinary-user.ts';
import { writePlainLayout } from '../support/plain-layout.ts';
import { remount, small, smallDisk } from '../support/small-disk.ts';

const image = await buildImage({ layers: [{ files: { a: 'good' } }] });
const fresh = await buildImage({ layers: [{ files: { a: 'new' } }] });
const [, layer] = image.blobs;
const blob = `blobs/${layer?.descriptor.digest.replace(':', '/')}`;
/** Nothing hangs: what is waited for is a fault. */
const patience = { timeout: 60_000 };

let source: ProxiedRegistry;
before(async () => {
  source = await startProxiedRegistry();
  await putBuilt(source.repository('app'), fresh, { tags: ['new'] });
});
after(() => source?.stop());

const writing = (layout: string): readonly (readonly string[])[] => [
  ['pull', `${source.host}/app:new`, layout],
  ['copy', `${source.host}/app:new`, `oci:${layout}:new`],
  ['copy', `oci:${layout}:1`, `oci:${layout}:2`],
  ['gc', layout],
  ['index', 'create', `oci:${layout}:all`, `oci:${layout}:1`],
  ['attach', '--strip-dirs', '--artifact-type', 'a/b', `oci:${layout}:1`, fileURLToPath(import.meta.url)],
];

function assertTyped({ code, stderr }: CliResult, codes: RegExp, what: string): void {
  assert.notEqual(code, 0, what);
  assert.match(stderr, /^error: .*\([A-Z_]+\)(;|$)/m, what);
  assert.match(stderr, codes, what);
  assert.doesNotMatch(stderr, /defect|^ +at /m, what);
}

async function layoutIn(t: TestContext): Promise<string> {
  const layout = join(await scratch(t, 'unreadable'), 'layout');
  await writePlainLayout(image, layout);
  return layout;
}

const damages: Readonly<Record<string, (whole: Buffer) => Buffer>> = {
  truncated: (whole) => whole.subarray(0, whole.length - 7),
  empty: () => Buffer.alloc(0),
  garbage: () => Buffer.from('\u0000\u0001 no JSON'),
  'of another kind': () => Buffer.from('{"schemaVersion":2,"manifests":{}}'),
};

for (const [what, damage] of Object.entries(damages)) {
  test(`G38: an index.json that is ${what} fails every verb and stays as it is`, patience, async (t) => {
    const layout = await layoutIn(t);
    const index = join(layout, 'index.json');
    const damaged = damage(await readFile(index));
    await writeFile(index, damaged);
    for (const args of writing(layout)) {
      assertTyped(await cli(args), /\(LAYOUT_INVALID\)/, args.join(' '));
      assert.deepEqual(await readFile(index), damaged);
    }
  });

  test(`G38: an index.json that is ${what} takes no push either, and stays as it is`, patience, async (t) => {
    const layout = await layoutIn(t);
    const index = join(layout, 'index.json');
    const damaged = damage(await readFile(index));
    await writeFile(index, damaged);
    const { host, close } = await serve({ registry: directoryRegistry(join(layout, '..')) });
    t.after(close);
    const pushed = await cli(['copy', '--retry', '0', `${source.host}/app:new`, `${host}/layout:new`]);
    assertTyped(pushed, /answered 500/, 'copy');
    assert.deepEqual(await readFile(index), damaged);
  });
}

describe('G38: for an ordinary user', () => {
  for (const path of ['index.json', 'oci-layout', blob, 'blobs/sha256', '.']) {
    test(`what he may not read fails and stays: ${path.replace(/[0-9a-f]{64}/, '(a layer)')}`, patience, async (t) => {
      const layout = await layoutIn(t);
      await giveTo(join(layout, '..'), 0o700);
      for (const own of ['.', 'blobs', 'blobs/sha256']) await giveTo(join(layout, own), 0o755);
      await chmod(join(layout, path), 0);
      const before = await facts(join(layout, '..'));
      await asOrdinaryUser(async () => {
        const needsAll = ['copy', `oci:${layout}:1`, `oci:${layout}-other:1`];
        assertTyped(await cli(needsAll), /EACCES \(IO\)/, needsAll.join(' '));
        if (path === blob) return;
        for (const args of writing(layout)) assertTyped(await cli(args), /EACCES \(IO\)/, args.join(' '));
      });
      await rm(`${layout}-other`, { recursive: true, force: true });
      assert.deepEqual(await facts(join(layout, '..')), before);
    });
  }

  test('what he may read and not write is read, and says why it is not written', patience, async (t) => {
    const layout = await layoutIn(t);
    await giveTo(join(layout, '..'), 0o500);
    await chmod(layout, 0o555);
    const before = await facts(layout);
    await asOrdinaryUser(async () => {
      assert.equal((await cli(['validate', `oci:${layout}:1`])).code, 0);
      for (const args of writing(layout)) assertTyped(await cli(args), /EACCES \(IO\)/, args.join(' '));
    });
    assert.deepEqual(await facts(layout), before);
  });
});

test('G38: on a read-only disk a layout is read, and nothing is changed', { ...small, ...patience }, async (t) => {
  const disk = await smallDisk(t);
  const layout = join(disk, 'layout');
  await writePlainLayout(image, layout);
  const before = await facts(layout);
  remount(disk, 'ro');
  assert.equal((await cli(['validate', `oci:${layout}:1`])).code, 0);
  const lines = [...writing(layout), ['pull', `${source.host}/app:new`, join(disk, 'app.tar')]];
  for (const args of lines)
    assertTyped(await cli(args), /EROFS \(IO\); hint: the file system is mounted read-only/, args.join(' '));
  const home = { env: { HOME: disk }, stdin: 'secret' };
  const login = await cli(['login', '--skip-check', '-u', 'me', '--password-stdin', 'a.io'], home);
  assertTyped(login, /EROFS \(IO\)/, 'login');
  remount(disk, 'rw');
  assert.deepEqual(await facts(layout), before);
});

type Imposter = (path: string, t: TestContext) => unknown;
const imposters: Readonly<Record<string, Imposter>> = {
  'a pipe': (path) => execFileSync('mkfifo', [path]),
  'a directory': (path) => mkdir(path),
  'a socket': async (path, t) => {
    const server = createServer();
    // The names of sockets are short; that of a file is not.
    const short = join(await scratch(t, 's'), 's');
    await new Promise<void>((resolve) => server.listen(short, resolve));
    await rename(short, path);
    t.after(() => server.close());
  },
  'a link to a device': (path) => symlink('/dev/zero', path),
  'a link to itself': (path) => symlink(path, path),
};

for (const [what, place] of Object.entries(imposters)) {
  test(`G38: ${what} in the place of config.json is neither waited for nor replaced`, patience, async (t) => {
    const home = await scratch(t, 'home');
    const config = join(home, 'config.json');
    await place(config, t);
    const { ino } = await lstat(config);
    const env = { HOME: home, DOCKER_CONFIG: home };
    for (const line of [
      ['login', '--skip-check', '-u', 'me', '--password-stdin', 'a.io'],
      ['logout', 'a.io'],
    ]) {
      assertTyped(await cli(line, { env, stdin: 'secret' }), /\((IO|CONFIG_INVALID)\)/, line.join(' '));
      assert.equal((await lstat(config)).ino, ino, 'it was replaced');
    }
    await assert.rejects(async () => dockerCredentials({ env, home })('a.io'), { name: 'OciError' });
  });

  test(`G38: ${what} in the place of a layout's file is neither waited for nor replaced`, patience, async (t) => {
    for (const path of ['index.json', 'oci-layout', blob]) {
      const layout = await layoutIn(t);
      await rm(join(layout, path));
      await place(join(layout, path), t);
      const args = ['copy', `oci:${layout}:1`, `oci:${layout}-other:1`];
      assertTyped(await cli(args), /\(LAYOUT_INVALID\)/, args.join(' '));
      assert.ok(!(await lstat(join(layout, path))).isFile());
    }
  });
}

test('G38: an empty config.json may be a link to /dev/null', patience, async (t) => {
  const home = await scratch(t, 'home');
  await symlink('/dev/null', join(home, 'config.json'));
  assert.equal(await dockerCredentials({ env: { DOCKER_CONFIG: home }, home })('a.io'), undefined);
});
