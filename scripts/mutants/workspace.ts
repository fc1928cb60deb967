/** A copy of the tree to change: what the tests read, and a link to what is installed. */
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Mutant } from '../../test/mutants/mutant.ts';

const COPIED = ['src', 'test', 'scripts', 'docs', 'examples', 'package.json', 'tsconfig.json', 'README.md'];
/** Far more than any of the tests takes: a mutant that hangs is one that was noticed. */
const HANG_MS = 180_000;

export interface TestRun {
  readonly passed: boolean;
  /** The titles of what failed. */
  readonly failed: readonly string[];
  readonly output: string;
}

export interface Workspace {
  /** Runs test files, with one mutant or with none. */
  run(tests: readonly string[], mutant?: Mutant): Promise<TestRun>;
  remove(): void;
}

export function openWorkspace(root: string): Workspace {
  const folder = mkdtempSync(join(tmpdir(), 'lading-mutants-'));
  for (const name of COPIED) cpSync(join(root, name), join(folder, name), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  return {
    async run(tests, mutant) {
      if (mutant === undefined) return runTests(folder, tests);
      const file = join(folder, mutant.file);
      const text = readFileSync(file, 'utf8');
      writeFileSync(
        file,
        text.replace(mutant.find, () => mutant.replace),
      );
      try {
        return await runTests(folder, tests);
      } finally {
        writeFileSync(file, text);
      }
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function runTests(folder: string, tests: readonly string[]): Promise<TestRun> {
  const args = ['--import', 'tsx', '-C', 'source', '--test', '--test-concurrency=1', '--test-reporter=tap', ...tests];
  const child = spawn(process.execPath, args, {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    env: { ...process.env, NODE_TEST_CONTEXT: undefined },
  });
  const chunks: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => chunks.push(text));
  }
  const timer = setTimeout(() => process.kill(-(child.pid ?? 0), 'SIGKILL'), HANG_MS);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(timer);
      const output = chunks.join('');
      resolve({ passed: code === 0, failed: failuresIn(output), output });
    });
  });
}

/** The innermost titles: what is above them failed because of them. */
function failuresIn(tap: string): string[] {
  const titles = [...tap.matchAll(/^( *)not ok \d+ - (.*?)(?: # .*)?$/gm)].map(([, indent = '', title = '']) => ({
    depth: indent.length,
    title,
  }));
  return titles
    .filter(({ depth }, at) => !(at > 0 && (titles[at - 1]?.depth ?? 0) > depth))
    .map(({ title }) => title.replace(/\\(.)/g, '$1'));
}
