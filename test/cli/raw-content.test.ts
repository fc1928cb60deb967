import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { digestOf } from '../../src/bytes/hash.ts';
import { type CliOptions, type CliResult, cli } from '../support/cli.ts';
import { openWorld, type World } from '../support/cli-world.ts';

let world: World;
let folder: string;
const bytes = new TextEncoder().encode('raw content');
const digest = digestOf(bytes);

before(async () => {
  world = await openWorld();
  folder = await mkdtemp(path.join(tmpdir(), 'lading-raw-'));
  await writeFile(path.join(folder, 'blob'), bytes);
});
after(async () => {
  await world.close();
  await rm(folder, { recursive: true });
});
beforeEach(() => {
  world.requests.length = 0;
});

async function run(line: string, options: CliOptions = {}): Promise<CliResult> {
  const argv = line.split(' ').map((word) => word.replaceAll('REGISTRY', world.host));
  const result = await cli(argv, { cwd: folder, ...options });
  const neutral = (text: string): string => world.neutral(text).replaceAll(`${folder}/`, './').replaceAll(folder, '.');
  return { ...result, stdout: neutral(result.stdout), stderr: neutral(result.stderr) };
}

async function done(line: string, options?: CliOptions): Promise<string> {
  const { code, stdout, stderr } = await run(line, options);
  assert.equal(code, 0, `${line}: ${stderr}`);
  return stdout;
}

describe('CAP-E9 CAP-F2: a blob', () => {
  test('is pushed where it is told, and has to be what it is called', async () => {
    assert.equal(await done('blob push REGISTRY/blobs blob'), `${digest}\n`);
    assert.equal(await done(`blob push REGISTRY/blobs@${digest} -`, { stdin: bytes }), `${digest}\n`);
    const long = digestOf(bytes, 'sha512');
    assert.equal(await done(`blob push REGISTRY/blobs@${long} blob`), `${long}\n`);
    world.requests.length = 0;
    const wrong = await run(`blob push REGISTRY/blobs@sha256:${'0'.repeat(64)} blob`);
    assert.equal(wrong.code, 5);
    assert.deepEqual(world.requests, []);
    assert.equal(await done('blob push oci:store blob'), `${digest}\n`);
    assert.equal(await done(`blob get oci:store@${digest}`), 'raw content');
    assert.equal((await run('blob push oci-archive:x.tar blob')).code, 7);
    assert.match(await done('blob push --json --dry-run oci:other blob'), /"outcome": "planned"/);
    assert.equal((await run(`blob get oci:other@${digest}`)).code, 3);
  });

  test('is told of without being read', async () => {
    await done('blob push REGISTRY/head blob');
    world.requests.length = 0;
    assert.equal(await done(`blob head REGISTRY/head@${digest}`), `${digest}  11\n`);
    assert.deepEqual(
      world.requests.map(({ method }) => method),
      ['HEAD'],
    );
    assert.deepEqual(JSON.parse(await done(`blob head --json REGISTRY/head ${digest}`)), {
      reference: `REGISTRY/head@${digest}`,
      digest,
      size: 11,
    });
    assert.equal((await run(`blob head REGISTRY/head@sha256:${'0'.repeat(64)}`)).code, 3);
  });

  test('is copied: mounted in its registry, read and written anywhere else', async () => {
    await done('blob push REGISTRY/from blob');
    world.requests.length = 0;
    const told = JSON.parse(await done(`blob copy --json REGISTRY/from@${digest} REGISTRY/to`)) as object;
    assert.deepEqual(told, { reference: `REGISTRY/to@${digest}`, digest, size: 11, outcome: 'mounted' });
    assert.ok(world.requests.every(({ method, bytesIn }) => method !== 'PUT' && bytesIn === 0));
    assert.equal(await done(`blob cp REGISTRY/from@${digest} oci:copied`), `${digest}\n`);
    assert.match(await done(`blob cp --json oci:copied@${digest} REGISTRY/back`), /"outcome": "written"/);
    assert.equal((await run(`blob copy REGISTRY/from@sha256:${'0'.repeat(64)} REGISTRY/to`)).code, 3);
  });
});

describe('CAP-F2: a manifest', () => {
  test('is pushed under many tags, or under none', async () => {
    const { manifest } = world.single;
    await writeFile(path.join(folder, 'manifest.json'), manifest.bytes);
    const at = manifest.descriptor.digest;
    assert.equal(
      await done('manifest push manifest.json REGISTRY/team/single:2,3'),
      `REGISTRY/team/single:2@${at}\nREGISTRY/team/single:3@${at}\n`,
    );
    assert.equal((await run('manifest push manifest.json REGISTRY/team/single')).code, 2);
    assert.equal(
      await done('manifest push --by-digest manifest.json REGISTRY/team/single'),
      `REGISTRY/team/single@${at}\n`,
    );
    assert.equal(await done('tags REGISTRY/team/single'), '1\n2\n3\n');
  });

  test('is pushed to a layout that has its content', async () => {
    await done('pull REGISTRY/team/single:1 layout');
    await writeFile(path.join(folder, 'manifest.json'), world.single.manifest.bytes);
    const at = world.single.manifest.descriptor.digest;
    assert.equal(await done('manifest push manifest.json oci:layout:again'), `oci:layout:again@${at}\n`);
    assert.equal(await done('tags oci:layout'), '1\nagain\n');
    const missing = await run('manifest push manifest.json oci:empty:1');
    assert.match(missing.stderr, /MANIFEST_BLOB_UNKNOWN/);
    assert.equal((await run('manifest push manifest.json oci-archive:x.tar:1')).code, 7);
  });
});
