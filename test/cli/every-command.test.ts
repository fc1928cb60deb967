/** What holds for every command, whatever it does. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { processContext } from '../../src/cli/context.ts';
import { createFrame } from '../../src/cli/frame.ts';
import { wholeProgram } from '../../src/cli/program.ts';
import { type CliResult, cli } from '../support/cli.ts';
import { openWorld, type World } from '../support/cli-world.ts';

let world: World;
let folder: string;

before(async () => {
  world = await openWorld();
  folder = await mkdtemp(path.join(tmpdir(), 'lading-every-'));
});
after(async () => {
  await world.close();
  await rm(folder, { recursive: true });
});

function run(line: string): Promise<CliResult> {
  return cli(line.replaceAll('REGISTRY', world.host).split(' '), { cwd: folder });
}

/** Commands that are run, not those that hold others. */
function leaves(command: CommandUnknownOpts): readonly CommandUnknownOpts[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leaves);
}

test('CAP-M1 CAP-M3 CAP-M5: every command takes --json, --quiet and --progress, but for the script of a shell', async () => {
  const program = await wholeProgram(createFrame(processContext()));
  const lacking = leaves(program).flatMap((command) => {
    const known = new Set(command.options.map(({ long }) => long));
    const missing = ['--json', '--quiet', '--progress'].filter((option) => !known.has(option));
    return missing.length === 0 ? [] : [`${command.name()}: ${missing.join(' ')}`];
  });
  assert.deepEqual(lacking, ['completion: --json --quiet --progress']);
});

test('CAP-M1: what is printed with --json is one document, of the same answer', async () => {
  const digest = world.app.manifest.descriptor.digest;
  const lines: readonly (readonly [
    line: string,
    told: (answer: Record<string, unknown>) => unknown,
    wanted: unknown,
  ])[] = [
    ['repos REGISTRY', (told) => told.repositories, ['team/app', 'team/single']],
    ['digest REGISTRY/team/app:1.0', (told) => told.digest, digest],
    ['copy REGISTRY/team/app:1.0 oci:json:1', (told) => told.digest, digest],
    ['index list REGISTRY/team/app:1.0', (told) => told.digest, digest],
    ['validate oci:json:1', (told) => told.valid, true],
    ['referrers REGISTRY/team/app:1.0', (told) => (told.attached as unknown[]).length, 1],
  ];
  for (const [line, told, wanted] of lines) {
    const { code, stdout, stderr } = await run(`${line} --json`);
    assert.equal(code, 0, `${line}: ${stderr}`);
    assert.deepEqual(told(JSON.parse(stdout) as Record<string, unknown>), wanted, line);
  }
});

test('CAP-M5: with --quiet there is the result on stdout, and nothing else anywhere', async () => {
  const digest = world.app.manifest.descriptor.digest;
  const loud = await run('copy REGISTRY/team/app:1.0 oci:loud:1');
  assert.notEqual(loud.stderr, '');
  const lines: readonly (readonly [line: string, stdout: string])[] = [
    ['copy REGISTRY/team/app:1.0 oci:quiet:1', `oci:quiet:1@${digest}\n`],
    ['pull REGISTRY/team/app:1.0 quiet.tar', `oci-archive:quiet.tar:1.0@${digest}\n`],
    ['append REGISTRY/team/app:1.0 loud -t oci:quiet:2 --dry-run', ''],
    ['config REGISTRY/team/app:1.0', ''],
  ];
  for (const [line, wanted] of lines) {
    const { code, stdout, stderr } = await run(`${line} --quiet`);
    assert.equal(code, 0, `${line}: ${stderr}`);
    assert.equal(stderr, '', line);
    if (wanted !== '') assert.equal(stdout, wanted);
  }
  // An error is told all the same.
  assert.match((await run('digest --quiet REGISTRY/team/app:9')).stderr, /^error: .*NOT_FOUND/);
});
