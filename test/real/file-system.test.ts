/** The files of real images, as umoci unpacks them: listed, exported and extracted they are the same, file by file. */
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { ShownFile } from '../../src/cli/files/file-listing.ts';
import { type CliResult, cli } from '../support/cli.ts';
import { assertSameTree, type FileFacts, fileFacts } from '../support/real/file-facts.ts';
import { needs } from '../support/real/find-tool.ts';
import { imageTools, realImages } from '../support/real/images.ts';
import { makeMergedImage } from '../support/real/merged-image.ts';
import { run } from '../support/real/run.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/real/temporary.ts';
import { umociUnpack } from '../support/real/umoci.ts';

let work: TemporaryDirectory;
const images: Record<string, string> = {};

describe('the files of real images', needs(...imageTools), () => {
  before(async () => {
    work = await temporaryDirectory('file-system');
    await makeMergedImage(join(work.path, 'layout'), '1', work.path);
    images.merged = `${join(work.path, 'layout')}:1`;
    images.busybox = `${(await realImages()).layout}:busybox`;
  });
  after(() => work?.remove());

  const lading = async (...args: string[]): Promise<CliResult> => {
    const result = await cli(args);
    assert.equal(result.code, 0, result.stderr);
    return result;
  };
  const place = (name: string): string => join(work.path, `${name}-${crypto.randomUUID().slice(0, 8)}`);

  for (const name of ['merged', 'busybox']) {
    describe(name, () => {
      let image: string;
      let expected: ReadonlyMap<string, FileFacts>;
      before(async () => {
        image = images[name] ?? '';
        const bundle = place('umoci');
        await umociUnpack(image as `${string}:${string}`, bundle);
        expected = await fileFacts(join(bundle, 'rootfs'));
      });

      test('CAP-E13: tar unpacks an export to the tree that umoci makes', async () => {
        const folder = place('tar');
        await mkdir(folder);
        const { stdoutBytes } = await lading('export', `oci:${image}`, '-');
        await writeFile(`${folder}.tar`, stdoutBytes);
        await run('tar', ['--extract', '--preserve-permissions', `--file=${folder}.tar`, `--directory=${folder}`]);
        assertSameTree(await fileFacts(folder), expected, 'lading export | tar -x');
        await lading('export', `oci:${image}`, `${folder}-again.tar`);
        await run('tar', ['--compare', `--file=${folder}-again.tar`, `--directory=${folder}`]);
      });

      test('CAP-E11: extracting makes the same tree', async () => {
        const folder = place('extract');
        await lading('extract', `oci:${image}`, '/', folder);
        assertSameTree(await fileFacts(folder), expected, 'lading extract');
      });

      test('CAP-E12: listing tells the same files', async () => {
        const { stdout } = await lading('files', '--recursive', '--json', `oci:${image}`);
        const listed = stdout
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line) as ShownFile);
        assert.deepEqual(['.', ...listed.map(({ path }) => path)].sort(), [...expected.keys()].sort());
        for (const { path, type, mode, mtime } of listed) {
          const facts = expected.get(path) ?? assert.fail(path);
          if (type !== 'symlink') assert.equal(facts.mode.slice(-4), mode, path);
          assert.ok(Math.abs(Date.parse(mtime ?? '') - facts.mtime) < 1, path);
        }
      });

      test('CAP-E11: each file is printed as it is', async () => {
        for (const [path, { mode, content }] of expected) {
          if (!mode.startsWith('100')) continue;
          const { stdoutBytes } = await lading('cat', `oci:${image}`, path);
          const hash = await crypto.subtle.digest('SHA-256', stdoutBytes);
          assert.equal(Buffer.from(hash).toString('hex'), content, path);
        }
      });
    });
  }

  test('CAP-E11: a part of an image is that part of the tree', async () => {
    const bundle = place('umoci');
    await umociUnpack(images.merged as `${string}:${string}`, bundle);
    const folder = place('part');
    await lading('extract', `oci:${images.merged}:/usr/share`, folder);
    assertSameTree(await fileFacts(folder), await fileFacts(join(bundle, 'rootfs/usr/share')), 'usr/share');
  });
});
