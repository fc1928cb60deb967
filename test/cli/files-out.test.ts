/** `cat`, `extract`, `export`: files of an image on their way out. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { lstat, mkdir, readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { copy } from '../../src/graph/copy.ts';
import { directoryStore } from '../../src/node/directory/directory.ts';
import { seededBytes } from '../../src/testing/fixtures.ts';
import { type CliOptions, type CliResult, cli } from '../support/cli.ts';
import { openWorld, type World } from '../support/cli-world.ts';
import { assertGolden } from '../support/golden.ts';
import { directory, file, layered, type Layered, symlink } from '../support/layered.ts';
import { filesBelow } from '../support/layouts.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/real/temporary.ts';

let world: World;
let image: Layered;
let work: TemporaryDirectory;
const large = seededBytes(400_000, 'large');

before(async () => {
  world = await openWorld();
  work = await temporaryDirectory('files-out');
  image = await layered(
    [directory('etc/'), file('etc/low', 'low'), directory('usr/'), file('usr/large', large, { mode: 0o755 })],
    [
      directory('etc/'),
      file('etc/os', 'ID=lading\n'),
      symlink('etc/link', 'os'),
      file('etc/esc', 'a\u001b]0;x\u0007\tb\r\nü'),
    ],
  );
  await copy(image.store, '1', world.registry.repository('team/fs'), { tags: ['1'] });
  await copy(image.store, '1', directoryStore(join(work.path, 'layout')), { tags: ['1'] });
});
after(async () => {
  await world.close();
  await work.remove();
});
beforeEach(() => void (world.requests.length = 0));

const run = (line: string, options: CliOptions = {}): Promise<CliResult> =>
  cli(line.replaceAll('IMAGE', `${world.host}/team/fs:1`).split(' '), { cwd: work.path, ...options });
const done = async (line: string, options?: CliOptions): Promise<CliResult> => {
  const result = await run(line, options);
  assert.equal(result.code, 0, `${line}: ${result.stderr}`);
  return result;
};
const blobsAsked = (): string[] =>
  world.requests.flatMap(({ method, path }) =>
    path.includes('/blobs/') ? [`${method} ${path.split('@').at(-1)}`] : [],
  );

describe('CAP-E11: cat', () => {
  test('prints a file byte for byte, by either way of naming it', async () => {
    for (const line of ['cat IMAGE etc/os', 'cat IMAGE:/etc/os', 'cat IMAGE etc/link', 'cat oci:layout:1:/etc/link']) {
      assert.equal((await done(line)).stdout, 'ID=lading\n', line);
    }
    assert.ok((await done('cat IMAGE usr/large')).stdoutBytes.equals(large));
  });

  test('fetches the layers down to the file, each once', async () => {
    await done('cat IMAGE etc/os');
    assert.equal(blobsAsked().length, 1);
    world.requests.length = 0;
    await done('cat IMAGE usr/large');
    assert.equal(blobsAsked().length, 2);
  });

  test('writes a file whole or not at all', async () => {
    await done('cat -o os.txt IMAGE etc/os');
    assert.equal(await readFile(join(work.path, 'os.txt'), 'utf8'), 'ID=lading\n');
    assert.equal((await run('cat -o none.txt IMAGE etc/none')).code, 3);
    assert.equal((await readdir(work.path)).includes('none.txt'), false);
  });

  test('ends with 3 for what is not there, with 2 for what is no file', async () => {
    const missing = await run('cat IMAGE etc/none');
    assert.deepEqual([missing.code, missing.stdout], [3, '']);
    assert.match(missing.stderr, /"etc\/none" is not in the image/);
    const folder = await run('cat IMAGE etc');
    assert.equal(folder.code, 2);
    assert.match(folder.stderr, /"etc" is a directory/);
    assert.equal((await run('cat IMAGE')).code, 2);
  });

  test('shows control characters on a terminal, and passes them on elsewhere', async () => {
    const plain = 'a\u001b]0;x\u0007\tb\r\nü';
    assert.equal((await done('cat IMAGE etc/esc')).stdout, plain);
    assert.equal((await done('cat IMAGE etc/esc', { stdoutIsTTY: true })).stdout, 'a\\u001b]0;x\\u0007\tb\nü');
    assert.equal((await done('cat -o - IMAGE etc/esc', { stdoutIsTTY: true })).stdout, plain);
  });
});

describe('CAP-E11: extract', () => {
  test('writes a directory of the image, or all of it', async () => {
    assert.equal((await done('extract IMAGE etc e1')).stdout, 'e1\n');
    assert.deepEqual(await filesBelow(join(work.path, 'e1')), ['esc', 'link', 'low', 'os']);
    await done('extract IMAGE:/etc e2');
    assert.deepEqual(await filesBelow(join(work.path, 'e2')), ['esc', 'link', 'low', 'os']);
    assert.equal(await readlink(join(work.path, 'e2/link')), 'os');
    const { stderr } = await done('extract oci:layout:1 / e3');
    assert.match(stderr, /5 files in 3 directories, 400 kB/);
    assert.ok((await readFile(join(work.path, 'e3/usr/large'))).equals(large));
    assert.equal((await lstat(join(work.path, 'e3/usr/large'))).mode & 0o777, 0o755);
  });

  test('tells what came of it as JSON', async () => {
    const { stdout } = await done('extract --json IMAGE etc/os e4');
    const { digest } = JSON.parse(stdout) as { readonly digest: string };
    assert.equal(digest, image.manifest.descriptor.digest);
    assertGolden(
      'extract.json',
      stdout.replace(digest, 'sha256:MANIFEST').replace(/"ownersLost": \d/, '"ownersLost": 0'),
    );
  });

  test('leaves a directory that is not empty, unless it is forced', async () => {
    await mkdir(join(work.path, 'full'));
    await writeFile(join(work.path, 'full/os'), 'mine');
    const { code, stderr } = await run('extract IMAGE etc full');
    assert.equal(code, 1);
    assert.match(stderr, /full is not empty \(CONFLICT\)/);
    assert.equal(await readFile(join(work.path, 'full/os'), 'utf8'), 'mine');
    await done('extract --force IMAGE etc full');
    assert.equal(await readFile(join(work.path, 'full/os'), 'utf8'), 'ID=lading\n');
  });

  test('keeps its limits', async () => {
    assert.equal((await run('extract --max-bytes 1000 IMAGE / e5')).code, 1);
    assert.equal((await run('extract --max-entries 3 IMAGE / e5')).code, 1);
    assert.equal((await readdir(work.path)).includes('e5'), false);
  });

  test('wants to know which files, and where to', async () => {
    const { code, stderr } = await run('extract IMAGE out');
    assert.equal(code, 2);
    assert.match(stderr, /hint: all of them: lading extract .* \/ out/);
    assert.equal((await run('extract IMAGE etc/none e6')).code, 3);
    assert.equal((await run('extract IMAGE etc ')).code, 2, 'a name of nothing');
  });
});

describe('CAP-E13: export', () => {
  test('writes an archive that tar reads, to a file or to stdout', async () => {
    await done('export IMAGE root.tar');
    const { stdoutBytes } = await done('export oci:layout:1');
    assert.ok(stdoutBytes.equals(await readFile(join(work.path, 'root.tar'))), 'the same bytes from everywhere');
    const names = execFileSync('tar', ['-tf', join(work.path, 'root.tar')], { encoding: 'utf8' });
    assert.deepEqual(names.trimEnd().split('\n').sort(), [
      './',
      'etc/',
      'etc/esc',
      'etc/link',
      'etc/low',
      'etc/os',
      'usr/',
      'usr/large',
    ]);
  });

  test('fetches each layer once', async () => {
    await done('export IMAGE -');
    assert.equal(blobsAsked().length, 2);
  });

  test('leaves no half of a file, and no terminal in disorder', async () => {
    const { code, stderr } = await run('export IMAGE', { stdoutIsTTY: true });
    assert.equal(code, 2);
    assert.match(stderr, /would upset the terminal/);
    assert.equal((await run('export --platform linux/s390x IMAGE none.tar')).code, 3);
    assert.equal(
      (await readdir(work.path)).some((name) => name.startsWith('none.tar')),
      false,
    );
  });
});

describe('an artifact', () => {
  for (const command of ['files', 'cat', 'extract', 'export']) {
    test(`has no files for ${command}, and nothing of it is fetched`, async () => {
      const more = { files: '', cat: ' sbom', extract: ' / e7', export: ' e7.tar' }[command];
      const { code, stderr } = await run(
        `${command} ${world.host}/team/app@${world.sbom.manifest.descriptor.digest}${more}`,
      );
      assert.equal(code, 7);
      assert.match(stderr, /is "application\/[^"]+", no archive of files \(UNSUPPORTED\)/);
      assert.deepEqual(blobsAsked(), []);
      assert.equal(
        (await readdir(work.path)).some((name) => name.startsWith('e7')),
        false,
      );
    });
  }
});
