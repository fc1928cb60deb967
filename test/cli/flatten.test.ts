import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import * as types from '../../src/model/media-types.ts';
import { directoryStore } from '../../src/node/directory/directory.ts';
import { type CliOptions, type CliResult, cli } from '../support/cli.ts';
import { openWorld, type World } from '../support/cli-world.ts';
import { assertGolden } from '../support/golden.ts';
import { filesIn, viewImage, viewIndex } from '../support/image-view.ts';
import { sourceProgram } from '../support/program.ts';

let world: World;
let other: World;
let folder: string;

before(async () => {
  world = await openWorld();
  other = await openWorld();
  folder = await mkdtemp(path.join(tmpdir(), 'lading-flatten-'));
});
after(async () => {
  await Promise.all([world.close(), other.close()]);
  await rm(folder, { recursive: true });
});

const named = (text: string): string => text.replaceAll('REGISTRY', world.host).replaceAll('OTHER', other.host);

async function run(line: string, options: CliOptions = {}): Promise<CliResult> {
  const result = await cli(line.split(' ').map(named), { cwd: folder, ...options });
  const neutral = (text: string): string => world.neutral(text).replaceAll(other.host, 'OTHER');
  return { ...result, stdout: neutral(result.stdout), stderr: neutral(result.stderr) };
}

async function done(line: string, options?: CliOptions): Promise<string> {
  const { code, stdout, stderr } = await run(line, options);
  assert.equal(code, 0, `${line}: ${stderr}`);
  return stdout;
}

describe('CAP-G7: lading flatten', () => {
  test('makes one layer, with the same files, under another name', async () => {
    const stdout = await done('flatten REGISTRY/team/single:1 --tag OTHER/flat:1,latest');
    const repository = other.registry.repository('flat');
    const { manifest, document, config } = await viewImage(repository, '1');
    const digest = manifest.descriptor.digest;
    assert.equal(stdout, `OTHER/flat:1@${digest}\nOTHER/flat:latest@${digest}\n`);
    const [layer, ...others] = document.layers;
    assert.ok(layer);
    assert.deepEqual(others, []);
    assert.deepEqual(await filesIn(repository.blob(layer)), {
      'etc/os-release': 'ID=lading\n',
      'app/main': 'x'.repeat(5000),
    });
    assert.deepEqual(config.history, [{ created: config.created, created_by: 'lading flatten' }]);
    assert.equal(await done('digest REGISTRY/team/single:1'), `${world.single.manifest.descriptor.digest}\n`);
    await done('validate OTHER/flat:1');
  });

  test('does it for every platform, or for one; results are as promised, as JSON', async () => {
    assertGolden('flatten.json', await done('flatten --json REGISTRY/team/app:1.0 -t OTHER/golden/app:1'));
    await done('flatten --platform linux/arm64 REGISTRY/team/app:1.0 -t oci:one:1');
    const store = directoryStore(path.join(folder, 'one'));
    const [amd64, arm64] = (await viewIndex(store, '1')).manifests;
    assert.equal(amd64?.digest, world.app.children[0]?.descriptor.digest);
    assert.equal((await viewImage(store, arm64 ?? assert.fail())).document.layers.length, 1);
  });

  test('is told how, when and with what words', async () => {
    const env = { SOURCE_DATE_EPOCH: '1767323045' };
    await done('flatten --compression none --created-by squash REGISTRY/team/single:1 -t OTHER/told:1', { env });
    const { document, config } = await viewImage(other.registry.repository('told'), '1');
    assert.equal(document.layers[0]?.mediaType, types.OCI_LAYER);
    assert.equal(config.created, '2026-01-02T03:04:05Z');
    assert.deepEqual(config.history, [{ created: config.created, created_by: 'squash' }]);
  });

  test('makes the same image, whoever does it, wherever', async () => {
    const digest = (await done('flatten REGISTRY/team/app:1.0 -t REGISTRY/same:1')).split('@')[1];
    const words = [...sourceProgram(), 'flatten', 'REGISTRY/team/app:1.0', '-t', 'REGISTRY/same:2'];
    const line = `umask 077; exec ${words.map((word) => `"${named(word)}"`).join(' ')}`;
    const env = { PATH: process.env.PATH, HOME: folder, TZ: 'Pacific/Kiritimati', LANG: 'tr_TR.UTF-8' };
    const { stdout } = await promisify(execFile)('sh', ['-c', line], { env });
    assert.equal(stdout, `${named('REGISTRY')}/same:2@${digest}`);
  });

  test('says what is missing', async () => {
    for (const [line, code, message] of [
      ['REGISTRY/team/single:1', 2, /not said where.*add --tag/],
      ['REGISTRY/team/single:1 -t x --created today', 2, /"today" is not a time/],
      ['REGISTRY/team/app:1.0 -t x --platform linux/s390x', 3, /it has linux\/amd64, linux\/arm64/],
      [`REGISTRY/team/app@${world.sbom.descriptor.digest} -t x`, 2, /no image but an artifact/],
    ] as const) {
      const result = await run(`flatten ${line}`);
      assert.match(result.stderr, message);
      assert.equal(result.code, code, result.stderr);
    }
  });
});
