/** What skopeo writes as zstd:chunked, read by its tables of contents: the same tree that umoci unpacks, from a part of its bytes. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { digestOf } from '../../src/bytes/hash.ts';
import { cli } from '../support/cli.ts';
import { openWorld, type World } from '../support/cli-world.ts';
import { needs } from '../support/real/find-tool.ts';
import { assertSameTree, type FileFacts, fileFacts } from '../support/real/file-facts.ts';
import { imageTools, realImages } from '../support/real/images.ts';
import { makeMergedImage } from '../support/real/merged-image.ts';
import { run } from '../support/real/run.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/real/temporary.ts';
import { umociUnpack } from '../support/real/umoci.ts';

let work: TemporaryDirectory;
let world: World;
const layouts: Record<string, string> = {};

describe('zstd:chunked images of skopeo', needs(...imageTools, 'skopeo'), () => {
  before(async () => {
    work = await temporaryDirectory('zstd-chunked');
    world = await openWorld();
    await makeMergedImage(join(work.path, 'layout'), '1', work.path);
    layouts.merged = `${join(work.path, 'layout')}:1`;
    layouts.busybox = `${(await realImages()).layout}:busybox`;
    for (const [name, layout] of Object.entries(layouts)) {
      const to = ['--dest-tls-verify=false', '--dest-no-creds', '--dest-compress-format', 'zstd:chunked'];
      const ends = [`oci:${layout}`, `docker://${world.host}/team/${name}:1`];
      await run('skopeo', ['--insecure-policy', 'copy', '--quiet', '--format', 'oci', ...to, ...ends]);
    }
  });
  after(async () => {
    await world?.close();
    await work?.remove();
  });

  const ranges = (): readonly (string | undefined)[] =>
    world.requests.flatMap(({ method, path, headers }) =>
      method === 'GET' && path.includes('/blobs/') && headers.range !== undefined ? [headers.range] : [],
    );
  const lading = async (...args: string[]): Promise<Buffer> => {
    world.requests.length = 0;
    const result = await cli(args);
    assert.equal(result.code, 0, result.stderr);
    return result.stdoutBytes;
  };

  for (const name of ['merged', 'busybox']) {
    test(`CAP-E11: ${name}: each file by ranges, and all of them the tree of umoci`, async () => {
      const layout = (layouts[name] ?? '') as `${string}:${string}`;
      const bundle = join(work.path, `umoci-${name}`);
      await umociUnpack(layout, bundle);
      const expected: ReadonlyMap<string, FileFacts> = await fileFacts(join(bundle, 'rootfs'));
      const image = `${world.host}/team/${name}:1`;
      for (const [path, { mode, content, sameAs }] of expected) {
        // busybox has hundreds of names.
        if (!mode.startsWith('100') || (name === 'busybox' && sameAs !== path)) continue;
        assert.equal(digestOf(await lading('cat', image, path)), `sha256:${content}`, path);
        assert.ok(ranges().length > 0, 'by ranges');
      }
      const folder = join(work.path, name);
      await lading('extract', image, '/', folder);
      assert.ok(ranges().length > 0, 'by ranges');
      assertSameTree(await fileFacts(folder), expected, 'lading extract');
    });
  }
});
