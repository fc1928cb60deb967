/**
 * An image, and the same as skopeo packs it in zstd:chunked: to the nanosecond, and with names that Go's JSON cannot write, both are
 * listed, exported and flattened to the same.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, readFile, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { digestOf } from '../../src/bytes/hash.ts';
import type { ImageManifest } from '../../src/model/manifest.ts';
import { cli } from '../support/cli.ts';
import { needs } from '../support/real/find-tool.ts';
import { run } from '../support/real/run.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/real/temporary.ts';
import { umociAddLayer } from '../support/real/umoci-layers.ts';
import { umociNewLayout } from '../support/real/umoci.ts';

let work: TemporaryDirectory;
const images = { plain: '', chunked: '' };

/** Times before 1970 and after, none of which a number holds, and a file of zeros between others. */
async function makeTimes(folder: string): Promise<void> {
  await mkdir(folder);
  await writeFile(join(folder, 'a'), 'a'.repeat(3000));
  await writeFile(join(folder, 'b-zeros'), Buffer.alloc(200_000));
  await writeFile(join(folder, 'c'), 'c'.repeat(3000));
  for (const [name, time] of [
    ['a', '@1400000000.123456789'],
    ['b-zeros', '@-1.500000001'],
    ['c', '@-0.25'],
  ] as const) {
    execFileSync('touch', ['-d', time, join(folder, name)]);
  }
  await utimes(folder, 7, 7);
}

/** A name in Latin-1, and a link to it. */
async function makeNames(folder: string): Promise<void> {
  await mkdir(folder);
  const latin = Buffer.from('gr\xfc\xdfe', 'latin1');
  await writeFile(Buffer.concat([Buffer.from(`${folder}/`), latin]), 'hello');
  await symlink(latin, join(folder, 'link'));
}

const lading = async (...args: string[]): Promise<Buffer> => {
  const { code, stderr, stdoutBytes } = await cli(args);
  assert.equal(code, 0, stderr);
  return stdoutBytes;
};

describe('an image in zstd:chunked of skopeo', needs('skopeo', 'umoci', 'tar'), () => {
  before(async () => {
    work = await temporaryDirectory('zstd-chunked-twin');
    const layout = join(work.path, 'layout');
    await umociNewLayout(layout);
    await run('umoci', ['new', '--image', `${layout}:1`]);
    for (const [name, make] of Object.entries({ times: makeTimes, names: makeNames })) {
      const tree = join(work.path, name);
      await make(tree);
      execFileSync('tar', ['-C', tree, '--format=posix', '--sort=name', '--numeric-owner', '-cf', `${tree}.tar`, '.']);
      // Tables of skopeo have no names of owners. The second layer is read whole, for its names; the first one by its table.
      await umociAddLayer(`${layout}:1`, `${tree}.tar`);
    }
    const chunked = join(work.path, 'chunked');
    const how = ['--insecure-policy', 'copy', '--quiet', '--dest-compress', '--dest-compress-format', 'zstd:chunked'];
    await run('skopeo', [...how, `oci:${layout}:1`, `oci:${chunked}:1`]);
    Object.assign(images, { plain: `oci:${layout}:1`, chunked: `oci:${chunked}:1` });
    const manifest = JSON.parse((await lading('manifest', images.chunked)).toString()) as ImageManifest;
    const names = Object.keys(manifest.layers[0]?.annotations ?? {});
    assert.ok(names.some((name) => name.endsWith('zstd-chunked.manifest-position')));
  });
  after(() => work?.remove());

  test('CAP-E12: is listed as it is', async () => {
    const listed = async (image: string): Promise<unknown> =>
      (await lading('files', '-r', '--json', image)).toString().replaceAll(/"layer":"[^"]*"/g, '');
    assert.equal(await listed(images.chunked), await listed(images.plain));
  });

  test('CAP-E13: is exported to the same archive', async () => {
    const digest = async (image: string): Promise<string> => digestOf(await lading('export', image, '-'));
    assert.equal(await digest(images.chunked), await digest(images.plain));
  });

  test('is flattened to the same layer', async () => {
    const flat = async (image: string, name: string): Promise<unknown> => {
      const place = `oci:${join(work.path, name)}:1`;
      await lading('flatten', image, '--tag', place);
      const config = JSON.parse((await lading('config', place)).toString()) as { rootfs: unknown };
      return config.rootfs;
    };
    assert.deepEqual(await flat(images.chunked, 'flat-chunked'), await flat(images.plain, 'flat-plain'));
  });

  test('is extracted with the same names', async () => {
    const folder = join(work.path, 'out');
    await lading('extract', images.chunked, '/', folder);
    const name = Buffer.concat([Buffer.from(`${folder}/`), Buffer.from('gr\xfc\xdfe', 'latin1')]);
    assert.equal(await readFile(name, 'utf8'), 'hello');
    assert.equal(await readFile(join(folder, 'link'), 'utf8'), 'hello');
  });
});
