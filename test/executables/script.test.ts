import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { verify } from '../../scripts/executables/fetch-runtime.ts';
import { LEFT_OUT } from '../../scripts/executables/left-out.ts';
import { executableFile, executableOptions, FOLDER } from '../../scripts/executables/options.ts';
import { MAKERS, TARGETS } from '../../scripts/executables/targets.ts';
import { commandTests } from '../../scripts/executables/test-files.ts';

test('a runtime is taken only where its bytes are those of the table', () => {
  const bytes = new TextEncoder().encode('abc');
  const runtime = { name: 'a', version: '1', file: 'bin/a' };
  const integrity = 'sha512-3a81oZNherrMQXNJriBBMRLm+k6JqX6iCp7u5ktV05ohkpkqJ0/BqDa6PCOj/uu9RU1EI2Q86A4qmslPpUyknw==';
  verify(bytes, { ...runtime, integrity });
  assert.throws(() => verify(new Uint8Array(3), { ...runtime, integrity }), /npm sent sha512-.* for a@1/);
});

test('all targets are made unless some are named', () => {
  assert.deepEqual(executableOptions([]), { targets: TARGETS, maker: 'bun', folder: FOLDER });
  const some = executableOptions(['windows-x64', 'linux-arm64', 'windows-x64', '--with', 'node', '--out', 'x']);
  assert.deepEqual(
    some.targets.map((target) => executableFile(some.folder, target, some.maker)),
    ['x/lading-windows-x64-node.exe', 'x/lading-linux-arm64-node'],
  );
  assert.throws(() => executableOptions(['solaris']), /solaris is no target: linux-x64, /);
  assert.throws(() => executableOptions(['--with', 'deno']), /--with is bun or node, not deno/);
});

test('one version of each runtime goes into all executables', () => {
  for (const maker of ['bun', 'node'] as const)
    assert.equal(new Set(TARGETS.map(({ runtimes }) => runtimes[maker].version)).size, 1);
});

test('the tests of the command are those that lead to it', () => {
  const files = commandTests();
  for (const file of ['test/cli/main.test.ts', 'test/cli/copy.test.ts', 'test/journeys/interrupt.test.ts'])
    assert.ok(files.includes(file), file);
  for (const file of ['test/model/digest.test.ts', 'test/executables/script.test.ts'])
    assert.ok(!files.includes(file), file);
});

test('what is left out is there, and few', () => {
  for (const maker of MAKERS) assert.ok(LEFT_OUT.filter(({ of }) => of.includes(maker)).length <= 18, maker);
  for (const { file, title } of LEFT_OUT) {
    assert.ok(existsSync(file), file);
    // As the title stands in the source.
    const words = title.replace(/^G36: \w+/, 'G36: ${name}').replace(/^--?\w+ loads/, '${flag} loads');
    assert.ok(words.startsWith('bombs') || readFileSync(file, 'utf8').includes(words), title);
  }
});
