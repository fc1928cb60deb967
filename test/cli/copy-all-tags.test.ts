import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { Transferred } from '../../src/cli/transfer/transfer.ts';
import { buildImage, putBuilt } from '../../src/testing/fixtures.ts';
import { type CliResult, cli } from '../support/cli.ts';
import { openWorld, type World } from '../support/cli-world.ts';

let world: World;
let other: World;
let folder: string;

before(async () => {
  world = await openWorld();
  other = await openWorld();
  folder = await mkdtemp(path.join(tmpdir(), 'lading-copy-all-'));
});
after(async () => {
  await Promise.all([world.close(), other.close()]);
  await rm(folder, { recursive: true });
});

async function run(line: string): Promise<CliResult> {
  const argv = line.split(' ').map((word) => word.replaceAll('REGISTRY', world.host).replaceAll('OTHER', other.host));
  const result = await cli(argv, { cwd: folder });
  const neutral = (text: string): string => world.neutral(text).replaceAll(other.host, 'OTHER');
  return { ...result, stdout: neutral(result.stdout), stderr: neutral(result.stderr) };
}

async function done(line: string): Promise<string> {
  const { code, stdout, stderr } = await run(line);
  assert.equal(code, 0, `${line}: ${stderr}`);
  return stdout;
}

test('CAP-F6: --all-tags copies every tag, or those that are wanted', async () => {
  await done('copy -a REGISTRY/team/app OTHER/every/app');
  assert.equal(await done('tags OTHER/every/app'), '1.0\n1.1\nlatest\n');
  await done('copy -a --filter 1.* REGISTRY/team/app oci:every');
  assert.equal(await done('tags oci:every'), '1.0\n1.1\n');
  assert.equal((await run('copy -a REGISTRY/team/app:1.0 OTHER/every/app')).code, 2);
  assert.equal((await run('copy -a --filter x* REGISTRY/team/app OTHER/every/app')).code, 3);
});

test('CAP-F6: a dry run of --all-tags counts what several tags share once, as the copy does', async () => {
  const bytes = async (options: string): Promise<number[]> => {
    const stdout = await done(`copy -a --json ${options}`);
    return stdout
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as Transferred).sent.bytes);
  };
  for (const target of ['OTHER/counted/app', 'oci:counted', 'oci-archive:counted.tar']) {
    const planned = await bytes(`--dry-run REGISTRY/team/app ${target}`);
    assert.deepEqual(planned, await bytes(`REGISTRY/team/app ${target}`), target);
  }
});

test('CAP-F6: --all-tags passes over a tag that fails, and ends with 8; an archive gets all or nothing', async () => {
  const repository = world.registry.repository('part');
  await putBuilt(repository, world.single, { tags: ['a', 'c'] });
  const broken = await buildImage({ layers: [{ files: { broken: 'x' } }] });
  await putBuilt(repository, broken, { tags: ['b'] });
  await repository.delete({ blob: broken.blobs[1]?.descriptor.digest ?? assert.fail() });
  const { code, stdout, stderr } = await run('copy -a --json REGISTRY/part OTHER/part');
  assert.equal(code, 8, stderr);
  const told = stdout.trimEnd().split('\n');
  const outcomes = told.map((line) => JSON.parse(line) as { source: string; outcome: string; code?: string });
  assert.deepEqual(
    outcomes.map(({ source, outcome, code: failure }) => [source, outcome, failure]),
    [
      ['REGISTRY/part:a', 'copied', undefined],
      ['REGISTRY/part:b', 'failed', 'NOT_FOUND'],
      ['REGISTRY/part:c', 'copied', undefined],
    ],
  );
  assert.match(stderr, /REGISTRY\/part:b is left out: .*\(NOT_FOUND\)$/m);
  assert.match(stderr, /^1 of 3 tags failed$/m);
  assert.equal(await done('tags OTHER/part'), 'a\nc\n');
  assert.equal((await run('copy -a --filter b REGISTRY/part OTHER/none')).code, 3);
  assert.equal((await run('copy -a REGISTRY/part oci-archive:part.tar')).code, 3);
  assert.ok(!(await readdir(folder)).includes('part.tar'));
});
