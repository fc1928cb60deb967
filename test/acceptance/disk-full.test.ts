/** G37: a disk of 8 MiB that is full: what was there is whole, what was begun is gone, and a server goes on answering. */
import assert from 'node:assert/strict';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { directoryRegistry } from '../../src/node/directory/directory-registry.ts';
import { serve } from '../../src/node/serve/serve.ts';
import { type Built, buildImage, putBuilt, seededBytes } from '../../src/testing/fixtures.ts';
import { putImage } from '../../src/testing/samples.ts';
import { type CliResult, cli } from '../support/cli.ts';
import { filesBelow } from '../support/layouts.ts';
import { type ProxiedRegistry, startProxiedRegistry } from '../support/proxied-registry.ts';
import { writePlainLayout } from '../support/plain-layout.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/real/temporary.ts';
import { fillDisk, MEBIBYTE, small, smallDisk } from '../support/small-disk.ts';

let source: ProxiedRegistry;
let work: TemporaryDirectory;
let image: Built;
let reference: string;
const old = await buildImage({ layers: [{ files: { a: 'old' } }] });

before(async () => {
  source = await startProxiedRegistry();
  const layers = [{ files: { big: Buffer.from(seededBytes(5 * MEBIBYTE, 'large')).toString('base64') } }];
  image = await putBuilt(source.repository('app'), await buildImage({ layers }), { tags: ['new'] });
  reference = `${source.host}/app:new`;
  work = await temporaryDirectory('full');
  await writePlainLayout(image, join(work.path, 'layout'));
});
after(async () => {
  await source?.stop();
  await work?.remove();
});

function assertFull({ code, stderr }: CliResult): void {
  assert.equal(code, 1, stderr);
  assert.match(stderr, /^error: .*\(DISK_FULL\); hint: free some space/m);
  assert.doesNotMatch(stderr, /^ +at /m);
}

for (const verb of ['pull', 'copy'] as const) {
  test(
    `G37: ${verb} into a full disk: DISK_FULL, the parts are gone, and what was there is whole`,
    small,
    async (t) => {
      const disk = await smallDisk(t);
      const layout = join(disk, 'layout');
      await writePlainLayout(old, layout);
      await fillDisk(disk, 2 * MEBIBYTE);
      const line =
        verb === 'pull' ? ['pull', reference, layout] : ['copy', `oci:${work.path}/layout:1`, `oci:${layout}:new`];
      assertFull(await cli(line));
      assert.ok(!(await filesBelow(layout)).some((file) => file.startsWith('.lading')), 'something is left');
      assert.equal((await cli(['validate', `oci:${layout}:1`])).code, 0);
      assert.equal((await cli(['digest', `oci:${layout}:new`])).code, 3);
    },
  );
}

test('G37: an archive, a blob and the files of an image that do not fit leave nothing', small, async (t) => {
  const disk = await smallDisk(t);
  await fillDisk(disk, 2 * MEBIBYTE);
  const [, layer] = image.blobs;
  for (const line of [
    ['pull', reference, join(disk, 'app.tar')],
    ['blob', 'get', '--output', join(disk, 'blob'), `${source.host}/app@${layer?.descriptor.digest}`],
    ['extract', reference, '/big', join(disk, 'files')],
    ['export', reference, join(disk, 'files.tar')],
    ['pull', '--layers', join(disk, 'layers'), reference],
  ]) {
    assertFull(await cli(line));
    assert.deepEqual(await filesBelow(disk), ['filler'], line[0]);
  }
});

test('G37: a cache that has no room is told of once, and the files come all the same', small, async (t) => {
  const disk = await smallDisk(t);
  const cache = join(disk, 'cache');
  await writeFile(join(disk, 'filler'), new Uint8Array(9 * MEBIBYTE)).catch(() => {});
  const { code, stdout, stderr } = await cli(['files', '--cache', cache, reference]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /big/);
  assert.equal(stderr.match(/cannot use the cache in \S+: the disk is full/g)?.length, 1, stderr);
  assert.deepEqual(await readdir(cache).catch(() => []), []);
});

test('G37: a server whose disk is full says 507 in JSON, and goes on with what it has', small, async (t) => {
  const disk = await smallDisk(t);
  const registry = directoryRegistry(disk);
  await putImage(registry.repository('app'), 'kept', ['kept']);
  const { url, host, close } = await serve({ registry });
  t.after(close);
  await fillDisk(disk, 2 * MEBIBYTE);
  const location = (await fetch(`${url}/v2/app/blobs/uploads/`, { method: 'POST' })).headers.get('location') ?? '';
  const answer = await fetch(new URL(location, url), { method: 'PATCH', body: seededBytes(5 * MEBIBYTE, 'upload') });
  assert.equal(answer.status, 507);
  const { errors } = (await answer.json()) as { errors: { code: string; message: string }[] };
  assert.deepEqual(
    errors.map(({ code }) => code),
    ['UNKNOWN'],
  );
  assert.doesNotMatch(errors[0]?.message ?? '', /\/tmp|ENOSPC/);
  const pushed = await cli(['push', '--retry', '0', `oci:${work.path}/layout:1`, `${host}/app:new`]);
  assert.equal(pushed.code, 1, pushed.stderr);
  assert.match(pushed.stderr, /507.*no space left/);
  assert.equal((await cli(['validate', `${host}/app:kept`])).code, 0);
  assert.equal((await cli(['tags', `${host}/app`])).stdout, 'kept\n');
  await fetch(new URL(location, url), { method: 'DELETE' });
  await rm(join(disk, 'filler'));
  const { code, stderr } = await cli(['copy', `${host}/app:kept`, `${host}/app:again`]);
  assert.equal(code, 0, stderr);
});
