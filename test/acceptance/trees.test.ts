/**
 * G41: thirty trees as distributions have them: six families, each in five shapes. Whoever guards against hostile archives must not
 * refuse these: absolute links, links out of their folder, hard links, long names, whiteouts and all come out as they went in.
 */
import assert from 'node:assert/strict';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { TarFile } from '../../src/bytes/tar.ts';
import { buildImage } from '../../src/testing/fixtures.ts';
import { cli } from '../support/cli.ts';
import { packed, twin } from '../support/hostile/case.ts';
import { corpus, titleOf } from '../support/hostile/corpus.ts';
import { openStage, type Stage } from '../support/hostile/scene.ts';
import { assertDone } from '../support/hostile/verdict.ts';
import { scratch } from '../support/layouts.ts';
import { asOrdinaryUser, giveTo } from '../support/ordinary-user.ts';
import { writePlainLayout } from '../support/plain-layout.ts';
import { directory, file, hardLink, opaque, symlink, whiteout } from '../support/layered.ts';

type Tree = readonly TarFile[];
const program = { mode: 0o755 };
const folders = (...names: readonly string[]): Tree => names.map((name) => directory(`${name}/`, program));
const many = (count: number, make: (at: number) => TarFile): Tree => Array.from({ length: count }, (_, at) => make(at));

const families: Readonly<Record<string, Tree>> = {
  'alpine: applets are absolute links to one program': [
    ...folders('bin', 'etc', 'lib', 'lib/apk', 'lib/apk/db', 'sbin', 'usr', 'usr/bin', 'var'),
    file('bin/busybox', 'ELF', program),
    ...['sh', 'ls', 'cat', 'ash'].map((name) => symlink(`bin/${name}`, '/bin/busybox')),
    symlink('sbin/init', '/bin/busybox'),
    file('lib/ld-musl-x86_64.so.1', 'ELF', program),
    symlink('lib/libc.musl-x86_64.so.1', 'ld-musl-x86_64.so.1'),
    file('lib/apk/db/installed', 'P:musl\nV:1.2\n'),
    symlink('var/run', '../run'),
    file('etc/alpine-release', '3.20.0\n'),
  ],
  'debian: /usr is merged, alternatives lead through two links': [
    ...folders('usr', 'usr/bin', 'usr/lib', 'usr/lib/x86_64-linux-gnu', 'etc', 'etc/alternatives', 'var', 'var/lib'),
    symlink('bin', 'usr/bin'),
    symlink('lib', 'usr/lib'),
    file('usr/bin/mawk', 'ELF', program),
    symlink('etc/alternatives/awk', '/usr/bin/mawk'),
    symlink('usr/bin/awk', '/etc/alternatives/awk'),
    file('usr/lib/x86_64-linux-gnu/libc.so.6', 'ELF', program),
    hardLink('usr/bin/perl5.36.0', 'usr/bin/mawk'),
    symlink('var/run', '/run'),
    symlink('etc/mtab', '/proc/mounts'),
    file('etc/shadow', 'root:*', { mode: 0o640, gid: 42 }),
  ],
  'glibc: the loader stands behind links to folders': [
    ...folders('usr', 'usr/lib64', 'usr/lib', 'usr/share', 'usr/share/zoneinfo', 'usr/share/zoneinfo/Europe', 'etc'),
    symlink('lib64', 'usr/lib64'),
    file('usr/lib64/ld-2.38.so', 'ELF', program),
    symlink('usr/lib64/ld-linux-x86-64.so.2', '../lib64/ld-2.38.so'),
    file('usr/share/zoneinfo/UTC', 'TZif2'),
    hardLink('usr/share/zoneinfo/Zulu', 'usr/share/zoneinfo/UTC'),
    hardLink('usr/share/zoneinfo/Europe/London', 'usr/share/zoneinfo/UTC'),
    symlink('etc/localtime', '../usr/share/zoneinfo/UTC'),
  ],
  'busybox: every applet is a hard link': [
    ...folders('bin', 'etc', 'home', 'root', 'usr', 'usr/bin', 'tmp'),
    file('bin/[', 'ELF', program),
    ...['[[', 'acpid', 'add-shell', 'busybox', 'getty'].map((name) => hardLink(`bin/${name}`, 'bin/[')),
    symlink('usr/bin/env', '../../bin/env'),
    file('etc/passwd', 'root:x:0:0:root:/root:/bin/sh\n'),
  ],
  'nodejs: programs are links into packages, names are long': [
    ...folders('usr', 'usr/local', 'usr/local/bin', 'usr/local/lib', 'usr/local/lib/node_modules'),
    ...folders('usr/local/lib/node_modules/npm', 'usr/local/lib/node_modules/npm/bin', 'opt'),
    file('usr/local/lib/node_modules/npm/bin/npm-cli.js', '#!/usr/bin/env node\n', program),
    symlink('usr/local/bin/npm', '../lib/node_modules/npm/bin/npm-cli.js'),
    symlink('usr/local/bin/nodejs', '/usr/local/bin/node'),
    file(`usr/local/lib/node_modules/npm/${'deeper-and-deeper/'.repeat(9)}${'n'.repeat(120)}.js`, 'x'),
    file('usr/local/lib/node_modules/npm/@scope+name@1.0.0(peer@2).js', 'x'),
  ],
  'nix and distroless: a store of absolute links, folders nobody writes': [
    ...folders('nix', 'nix/store', 'nix/store/0abc-hello-2.12', 'nix/store/0abc-hello-2.12/bin', 'var', 'var/lib'),
    file('nix/store/0abc-hello-2.12/bin/hello', 'ELF', { mode: 0o555, mtime: 1 }),
    symlink('bin', '/nix/store/0abc-hello-2.12/bin'),
    ...folders('var/lib/dpkg', 'var/lib/dpkg/status.d'),
    file('var/lib/dpkg/status.d/tzdata', 'Package: tzdata\n'),
    file('var/lib/dpkg/status.d/tzdata.md5sums', ''),
    ...many(40, (at) => file(`var/lib/dpkg/file-${at}`, `${at}`)),
  ],
};

/** What it is packed in, and what comes of it. */
const shapes: Readonly<Record<string, (tree: Tree) => readonly [layers: readonly Tree[], means: Tree]>> = {
  'one layer': (tree) => [[tree], tree],
  'names that begin with ./': (tree) => [[tree.map((one) => ({ ...one, name: `./${one.name}` }))], tree],
  'a layer that hides something': (tree) => [
    [
      [...tree, ...folders('gone'), file('gone/x'), file('away')],
      [whiteout('gone'), whiteout('away')],
    ],
    tree,
  ],
  'a layer that empties a folder': (tree) => [
    [
      [...tree, ...folders('cache'), file('cache/old')],
      [...folders('cache'), opaque('cache'), file('cache/new')],
    ],
    [...tree, ...folders('cache'), file('cache/new')],
  ],
  'the same once more above': (tree) => [[tree, tree], tree],
};

const who = { mode: 0o644, uid: 1234, gid: 1234 };
const special: Tree = [
  file('plain', 'x', who),
  file('su', '#!', { ...who, mode: 0o4755 }),
  file('wall', '#!', { ...who, mode: 0o2755 }),
  { ...who, name: 'null', type: 'character-device', devmajor: 1, devminor: 3 },
  { ...who, name: 'loop', type: 'block-device', devmajor: 7, devminor: 0 },
];

test('G41: for an ordinary user devices are left out and told of, and nothing runs as somebody else', async (t) => {
  const work = await scratch(t, 'special');
  await giveTo(work, 0o755);
  const { packed: bytes, diffId } = await packed(special);
  await writePlainLayout(await buildImage({ layers: [{ bytes, diffId }] }), join(work, 'layout'));
  const [told, shown] = await asOrdinaryUser(async () => [
    await cli(['extract', '--json', `oci:${work}/layout:1`, '/', join(work, 'files')]),
    await cli(['extract', `oci:${work}/layout:1`, '/', join(work, 'again')]),
  ]);
  assertDone(told, 'extract --json');
  assertDone(shown, 'extract');
  const { skipped } = JSON.parse(told.stdout) as { skipped: string[] };
  assert.deepEqual(skipped.toSorted(), ['loop', 'null']);
  assert.match(shown.stderr, /left out: (null|loop) and 1 more: devices are for root to make/);
  assert.match(shown.stderr, /files of other users became yours/);
  assert.deepEqual((await readdir(join(work, 'files'))).sort(), ['plain', 'su', 'wall']);
  for (const name of ['su', 'wall']) assert.equal((await lstat(join(work, 'files', name))).mode & 0o7777, 0o755);
});

test('G41: as many hostile archives and twins are tried as are promised', () => {
  assert.ok(corpus.length >= 120, `${corpus.length} archives`);
  assert.equal(new Set(corpus.map(titleOf)).size, corpus.length, 'none is counted twice');
  assert.ok(corpus.filter(({ isTwin }) => isTwin).length * 4 >= corpus.length, 'a quarter of them does no harm');
});

let stage: Stage;
before(async () => {
  stage = await openStage();
});
after(() => stage.end());

describe('G41: trees of distributions, extracted', () => {
  assert.equal(Object.keys(families).length * Object.keys(shapes).length, 30);
  for (const [family, tree] of Object.entries(families)) {
    for (const [shape, pack] of Object.entries(shapes)) {
      const [layers, means] = pack(tree);
      test(`${family}; ${shape}`, () =>
        stage.play(
          twin(family, shape, () => layers, means),
          async (scene) => {
            const { run, assertMeant, assertUnharmed } = scene;
            assertDone(await run(['extract', 'IMAGE', '/', 'TARGET']), family);
            await assertMeant(family);
            await assertUnharmed(family);
          },
        ));
    }
  }
});
