/**
 * Layouts in directories that somebody else has filled: something else stands in the place of a file or a folder. No command reads what it
 * leads to, waits for it, or writes there; each ends with a code, and the thing still stands.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cp, link, lstat, mkdir, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { buildImage } from '../../src/testing/fixtures.ts';
import { cli, type CliResult } from '../support/cli.ts';
import { type CanaryTree, canaryTree } from '../support/hostile/canary-tree.ts';
import { assertDone, refusal } from '../support/hostile/verdict.ts';
import { file, tarOf } from '../support/layered.ts';
import { scratch } from '../support/layouts.ts';
import { writePlainLayout } from '../support/plain-layout.ts';

let tree: CanaryTree;
before(async () => {
  tree = await canaryTree();
});
after(() => tree.end());

const image = await buildImage({ layers: [{ files: { a: 'good' } }] });
const [, layer] = image.blobs;
const blob = `blobs/${layer?.descriptor.digest.replace(':', '/')}`;
const manifest = `blobs/${image.descriptor.digest.replace(':', '/')}`;
const nameOf = (path: string): string => path.replace(/[0-9a-f]{64}/, path === blob ? '(a layer)' : '(a manifest)');

/** Put in the place of a file; `outside` holds what it may lead to. */
const imposters: Readonly<Record<string, (path: string, outside: string) => unknown>> = {
  'a link to a file': (path, outside) => symlink(join(outside, 'canary'), path),
  'a link to nowhere': (path) => symlink('/nowhere/at/all', path),
  'a link to itself': (path) => symlink(path, path),
  'a pipe': (path) => execFileSync('mkfifo', [path]),
  'a directory': (path) => mkdir(path),
  'a device': (path) => symlink('/dev/zero', path),
};

const reading = [
  ['copy', 'oci:LAYOUT:1', 'oci:OTHER:1'],
  ['extract', 'oci:LAYOUT:1', '/', 'TARGET'],
  ['export', 'oci:LAYOUT:1', 'OTHER.tar'],
  ['append', 'oci:LAYOUT:1', 'LAYER', '-t', 'oci:OTHER:1'],
];
const writing = [
  ['copy', 'oci:GOOD:1', 'oci:LAYOUT:2'],
  ['append', 'oci:GOOD:1', 'LAYER', '-t', 'oci:LAYOUT:2'],
];

interface Scene {
  readonly layout: string;
  readonly run: (args: readonly string[]) => Promise<CliResult>;
}

async function scene(t: Parameters<typeof scratch>[0]): Promise<Scene> {
  const work = await scratch(t, 'links');
  const places = { LAYOUT: 'layout', GOOD: 'good', OTHER: 'other', LAYER: 'layer' } as const;
  await writePlainLayout(image, join(work, 'layout'));
  await cp(join(work, 'layout'), join(work, 'good'), { recursive: true });
  await writeFile(join(work, 'layer'), await tarOf([file('b')]));
  const inWork = (arg: string): string =>
    Object.entries(places)
      .reduce((text, [word, name]) => text.replace(word, join(work, name)), arg)
      .replace('TARGET', tree.target);
  return { layout: join(work, 'layout'), run: (args) => cli(args.map(inWork), { cwd: tree.here }) };
}

/** Runs the commands, each of which has to end with one of these codes and do no harm. */
async function runs({ run }: Scene, commands: readonly (readonly string[])[], codes: readonly string[]): Promise<void> {
  for (const args of commands) {
    const result = await run(args);
    await tree.assertUnharmed(args.join(' '));
    assert.ok(codes.includes(refusal(result, args.join(' '))), result.stderr);
    assert.ok(!(result.stdout + result.stderr).includes(tree.secret));
    await tree.clear();
  }
}

describe('CAP-J1: layouts with something else in the place of a file', () => {
  for (const [what, put] of Object.entries(imposters)) {
    for (const path of ['index.json', 'oci-layout', manifest, blob]) {
      test(`${what}, in that of ${nameOf(path)}`, async (t) => {
        const set = await scene(t);
        await rm(join(set.layout, path));
        await put(join(set.layout, path), tree.outside);
        const { ino } = await lstat(join(set.layout, path));
        await runs(set, reading, ['LAYOUT_INVALID']);
        // What is not looked at for a new image is left as it is.
        const isAsked = path === 'index.json' || path === 'oci-layout' || path === blob;
        if (isAsked) await runs(set, writing.slice(0, path === blob ? 1 : 2), ['LAYOUT_INVALID']);
        assert.equal((await lstat(join(set.layout, path))).ino, ino, 'it was replaced');
      });
    }
  }
});

describe('CAP-J1: layouts with a link in the place of a folder', () => {
  for (const path of ['blobs', 'blobs/sha256', '.lading']) {
    test(path, async (t) => {
      const set = await scene(t);
      const place = join(set.layout, path);
      if (path !== '.lading') await rename(place, join(set.layout, '..', 'moved'));
      await symlink(tree.outside, place);
      if (path !== '.lading') await runs(set, reading, ['LAYOUT_INVALID']);
      await runs(set, [...writing, ['gc', 'oci:LAYOUT']], ['LAYOUT_INVALID']);
      assert.equal(await readlink(place), tree.outside);
    });
  }

  test('a hard link is a file, and the layout itself may be reached through a link', async (t) => {
    const set = await scene(t);
    await rename(join(set.layout, blob), `${set.layout}-blob`);
    await link(`${set.layout}-blob`, join(set.layout, blob));
    await rename(set.layout, `${set.layout}-moved`);
    await symlink(`${set.layout}-moved`, set.layout);
    for (const args of [...reading, ...writing]) {
      assertDone(await set.run(args), args.join(' '));
      await tree.assertUnharmed(args.join(' '));
      await tree.clear();
    }
  });
});
