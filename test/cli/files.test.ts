import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { imagePath } from '../../src/cli/files/image-files.ts';
import type { ShownFile } from '../../src/cli/files/file-listing.ts';
import { permissions } from '../../src/cli/files/file-listing.ts';
import { copy } from '../../src/graph/copy.ts';
import { putIndex } from '../../src/testing/fixtures.ts';
import { type CliOptions, type CliResult, cli } from '../support/cli.ts';
import { openWorld, type World } from '../support/cli-world.ts';
import { assertGolden } from '../support/golden.ts';
import { directory, file, hardLink, layered, type Layered, symlink, whiteout } from '../support/layered.ts';

let world: World;
let image: Layered;

before(async () => {
  world = await openWorld();
  image = await layered(
    [
      directory('bin/', { mtime: 1_700_000_000 }),
      file('bin/box', 'box', { mode: 0o4755, uid: 1, gid: 2, mtime: 1_700_000_000.5 }),
      hardLink('bin/ls', 'bin/box'),
      directory('etc/'),
      file('etc/gone'),
      file('etc/os', 'ID=lading\n', { uname: 'me' }),
    ],
    [
      directory('etc/', { mode: 0o1777 }),
      whiteout('etc/gone'),
      symlink('etc/link', 'os'),
      { name: 'null', type: 'character-device', mode: 0o666, devmajor: 1, devminor: 3 },
      file('esc\u001b[2J', 'clear\u001b[2J\r\n'),
    ],
  );
  await copy(image.store, '1', world.registry.repository('team/fs'), { tags: ['1'] });
});
after(() => world.close());
beforeEach(() => void (world.requests.length = 0));

const run = (line: string, options?: CliOptions): Promise<CliResult> =>
  cli(line.replaceAll('IMAGE', `${world.host}/team/fs:1`).replaceAll('REGISTRY', world.host).split(' '), options);
const done = async (line: string, options?: CliOptions): Promise<string> => {
  const { code, stdout, stderr } = await run(line, options);
  assert.equal(code, 0, `${line}: ${stderr}`);
  return stdout;
};

describe('CAP-E12: files', () => {
  test('lists a directory, by either way of naming it', async () => {
    assert.equal(await done('files IMAGE'), 'bin/\nesc\\x1b[2J\netc/\nnull\n');
    for (const line of ['files IMAGE etc', 'files IMAGE /etc/', 'files IMAGE:/etc']) {
      assert.equal(await done(line), 'etc/link\netc/os\n', line);
    }
    assert.equal(await done('files IMAGE etc/os'), 'etc/os\n');
    assert.equal(await done('files --recursive IMAGE bin'), 'bin/box\nbin/ls\n');
  });

  test('lists all of it, the long way', async () => {
    assert.equal(
      await done('files -l -r IMAGE'),
      [
        'drwxr-xr-x  0:0     -  2023-11-14 22:13:20  bin/',
        '-rwsr-xr-x  1:2     3  2023-11-14 22:13:20  bin/box',
        '-rwsr-xr-x  1:2     3  2023-11-14 22:13:20  bin/ls = bin/box',
        '-rw-r--r--  0:0    11  1970-01-01 00:00:00  esc\\x1b[2J',
        'drwxrwxrwt  0:0     -  1970-01-01 00:00:00  etc/',
        'lrw-r--r--  0:0     -  1970-01-01 00:00:00  etc/link -> os',
        '-rw-r--r--  0:0    10  1970-01-01 00:00:00  etc/os',
        'crw-rw-rw-  0:0  1, 3  1970-01-01 00:00:00  null',
        '',
      ].join('\n'),
    );
  });

  test('as JSON is a line a file, with the layer that it comes from', async () => {
    const lines = (await done('files --json -r IMAGE')).trimEnd().split('\n');
    const shown = lines.map((line) => JSON.parse(line) as ShownFile);
    const layers = image.manifest.links.slice(1).map(({ descriptor }) => descriptor.digest);
    const found = (path: string): ShownFile | undefined => shown.find((one) => one.path === path);
    assert.deepEqual(found('bin/box'), {
      path: 'bin/box',
      type: 'file',
      size: 3,
      mode: '4755',
      uid: 1,
      gid: 2,
      mtime: '2023-11-14T22:13:20.500Z',
      layer: layers[0],
    });
    assert.equal(found('bin/ls')?.hardlink, 'bin/box');
    assert.deepEqual([found('etc/link')?.linkname, found('etc/link')?.layer], ['os', layers[1]]);
    assert.deepEqual([found('null')?.type, found('null')?.devminor], ['character-device', 3]);
    assert.equal(found('etc/os')?.uname, 'me');
    assert.ok(found('esc\u001b[2J'), 'names are what they are');
    assert.equal(
      lines.some((line) => line.includes('\u001b')),
      false,
    );
  });

  test('results are as promised, as JSON', async () => {
    const layers = image.manifest.links.slice(1).map(({ descriptor }) => descriptor.digest);
    const stdout = await done('files --json -r IMAGE');
    // How small gzip makes a layer is the runtime's affair.
    const neutral = layers.reduce((text, digest, at) => text.replaceAll(digest, `sha256:LAYER-${at}`), stdout);
    assertGolden('files.ndjson', neutral);
  });

  test('reads each layer once', async () => {
    await done('files -r IMAGE');
    const blobs = world.requests.filter(({ path }) => path.includes('/blobs/'));
    assert.equal(blobs.length, 2);
  });

  test('of what is not there ends with 3', async () => {
    const { code, stderr } = await run('files IMAGE etc/gone');
    assert.equal(code, 3);
    assert.match(stderr, /"etc\/gone" is not in the image \(NOT_FOUND\)/);
    assert.equal((await run('files REGISTRY/team/none:1')).code, 3);
  });

  test('takes the image of a platform, and says which where it had to choose', async () => {
    const repository = world.registry.repository('team/many');
    const other = await layered([file('arm')]);
    await copy(other.store, '1', repository, { tags: ['arm'] });
    await copy(image.store, '1', repository, { tags: ['amd'] });
    const manifests = [
      { ...image.manifest.descriptor, platform: { os: 'linux', architecture: 'amd64' } },
      { ...other.manifest.descriptor, platform: { os: 'linux', architecture: 'arm64' } },
    ];
    await putIndex(repository, { manifests, tags: ['1'] });
    assert.equal(await done('files --platform linux/arm64 REGISTRY/team/many:1'), 'arm\n');
    const { stdout, stderr } = await run('files REGISTRY/team/many:1');
    assert.match(stdout, /^bin\/\n/);
    assert.match(stderr, /taken for linux\/amd64/);
    assert.equal((await run('files --platform linux/s390x REGISTRY/team/many:1')).code, 3);
  });
});

test('a path stands behind the last colon before a slash, unless that is a locator’s', () => {
  const parts = (text: string): readonly (string | undefined)[] => [imagePath(text).image, imagePath(text).path];
  assert.deepEqual(parts('alpine:3.20:/etc/os'), ['alpine:3.20', '/etc/os']);
  assert.deepEqual(parts('alpine:/'), ['alpine', '/']);
  assert.deepEqual(parts('localhost:5000/app:1'), ['localhost:5000/app:1', undefined]);
  assert.deepEqual(parts('localhost:5000/app:/a:b'), ['localhost:5000/app', '/a:b']);
  assert.deepEqual(parts('oci:/srv/images:1'), ['oci:/srv/images:1', undefined]);
  assert.deepEqual(parts('oci:/srv/images:1:/etc'), ['oci:/srv/images:1', '/etc']);
  assert.deepEqual(parts('oci-archive:C:/images.tar'), ['oci-archive:C:/images.tar', undefined]);
  assert.deepEqual(parts('docker-archive:./a.tar:app:/etc'), ['docker-archive:./a.tar:app', '/etc']);
  assert.deepEqual(imagePath('oci:/a:/b', 'c'), { image: 'oci:/a:/b', path: 'c' });
});

test('permissions look as ls writes them', () => {
  const shown = (mode: number): string => permissions({ type: 'file', mode });
  assert.deepEqual([0o755, 0o4755, 0o4644, 0o2711, 0o2700, 0o1777, 0o1776, 0].map(shown), [
    '-rwxr-xr-x',
    '-rwsr-xr-x',
    '-rwSr--r--',
    '-rwx--s--x',
    '-rwx--S---',
    '-rwxrwxrwt',
    '-rwxrwxrwT',
    '----------',
  ]);
});
