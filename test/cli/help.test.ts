import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { COMMANDS } from '../../src/cli/commands.ts';
import { examplesOf } from '../../src/cli/examples.ts';
import type { Frame } from '../../src/cli/frame.ts';
import { wholeProgram } from '../../src/cli/program.ts';
import { processContext } from '../../src/cli/context.ts';
import { cli } from '../support/cli.ts';
import { assertGolden } from '../support/golden.ts';

/** A frame that runs nothing. */
function idleFrame(): Frame & { readonly runs: number } {
  let runs = 0;
  return {
    context: processContext(),
    run: async () => void runs++,
    exitCode: 0,
    get runs() {
      return runs;
    },
  };
}

function leaves(command: CommandUnknownOpts): CommandUnknownOpts[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leaves);
}

/** The words of `lading …` in a shell line. */
function wordsOf(line: string): string[] {
  const own = /(?:^|\|\s*|\$\()lading (.*?)(?:\)"|$)/.exec(line)?.[1] ?? '';
  return [...own.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
}

test('every command has help with examples, and every example is understood', async () => {
  for (const command of leaves(await wholeProgram(idleFrame()))) {
    const examples = examplesOf(command);
    assert.ok(examples.length > 0, `${command.name()} has no example`);
    for (const line of examples) {
      const frame = idleFrame();
      const program = await wholeProgram(frame);
      await program.parseAsync(wordsOf(line), { from: 'user' });
      assert.equal(frame.runs, 1, line);
    }
  }
});

test('every command shows its help', async () => {
  for (const { name, aliases } of COMMANDS) {
    for (const word of [name, ...aliases]) {
      const { code, stdout } = await cli([word, '--help']);
      assert.equal(code, 0);
      assert.match(stdout, new RegExp(`^Usage: lading ${name}`), word);
    }
  }
  assert.equal((await cli(['help', 'tags'])).stdout, (await cli(['tags', '--help'])).stdout);
});

test('the first page is as promised', async () => {
  const { code, stdout, stderr } = await cli(['--help']);
  assert.equal(code, 0);
  assert.equal(stderr, '');
  assertGolden('help.txt', stdout);
  assert.equal((await cli([])).stdout, stdout);
});

test('a slip of the hand is understood', async () => {
  const cases: readonly (readonly [string[], RegExp])[] = [
    [['tgas', 'x'], /unknown command 'tgas' \(Did you mean tags\?\)/],
    [['tags', 'x', '--jsn'], /unknown option '--jsn' \(Did you mean --json\?\)/],
    [['tags'], /missing required argument 'repository'; hint: see "lading tags --help"/],
    [['tags', 'a', 'b'], /too many arguments/],
    [['tags', 'x', '--sort', 'size'], /argument 'size' is invalid.*name, semver, created/],
    [['digest', 'x', '--platform', '///'], /"\/\/\/" is not a platform/],
    [['tags', 'x', '--timeout', 'soon'], /"soon" is not a time/],
    [['tags', 'team/UPPER'], /must be lower case/],
  ];
  for (const [argv, message] of cases) {
    const { code, stdout, stderr } = await cli(argv);
    assert.equal(code, 2, argv.join(' '));
    assert.equal(stdout, '');
    assert.match(stderr, message);
    assert.equal(stderr.trimEnd().split('\n').length, 1, stderr);
  }
});

test('options may stand before the command', async () => {
  const { code, stdout } = await cli(['--json', 'parse', 'alpine']);
  assert.equal(code, 0);
  assert.equal((JSON.parse(stdout) as { path: string }).path, 'library/alpine');
});

test('--version is the version of the package', async () => {
  assert.match((await cli(['--version'])).stdout, /^\d+\.\d+\.\d+\n$/);
});
