/** Runs one test file in a process of its own, as node's test runner does, and tells what became of each test and suite in it. */
import { run } from 'node:test';

export interface TestResult {
  /** Those of the suites around it, and its own. */
  readonly titles: readonly string[];
  readonly kind: 'test' | 'suite';
  readonly outcome: 'passed' | 'failed' | 'skipped';
  /** Why it failed or was skipped. */
  readonly reason: string;
}

export interface FileRun {
  readonly file: string;
  readonly results: readonly TestResult[];
  /** It ended otherwise than by its tests: it could not be loaded, crashed, or hung. */
  readonly died: boolean;
}

/** A file that takes longer is taken for hung. */
const MAX_MS = 15 * 60_000;

interface Finished {
  readonly name: string;
  readonly nesting: number;
  readonly skip?: string | boolean;
  readonly todo?: string | boolean;
  readonly details: { readonly type?: string | undefined; readonly error?: Error };
}

/** @param path absolute; `file` is its name in the table */
export async function runFile(file: string, path: string): Promise<FileRun> {
  const results: TestResult[] = [];
  const open: string[] = [];
  let died = false;
  for await (const { type, data } of run({ files: [path], timeout: MAX_MS })) {
    if (type === 'test:start') open.splice(data.nesting, open.length, data.name);
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    // A file that fails by itself is reported as a test of that name.
    if (data.nesting === 0 && data.name === path) died ||= type === 'test:fail';
    else results.push(resultOf(data as Finished, type === 'test:pass', open));
  }
  return { file, results, died };
}

function resultOf(
  { name, nesting, skip, todo, details }: Finished,
  passed: boolean,
  open: readonly string[],
): TestResult {
  const left = skip ?? todo;
  const isLeft = left !== undefined && left !== false;
  return {
    titles: [...open.slice(0, nesting), name],
    kind: details.type === 'suite' ? 'suite' : 'test',
    outcome: isLeft ? 'skipped' : passed ? 'passed' : 'failed',
    reason: isLeft ? reasonOf(left, todo) : messageOf(details.error),
  };
}

function reasonOf(left: string | true, todo: string | boolean | undefined): string {
  if (typeof left === 'string' && left !== '') return left.replace(/^skipped: /, '');
  return todo === undefined || todo === false ? 'no reason is told' : 'to be done';
}

/** The runner wraps what a test has thrown. */
function messageOf(error: Error | undefined): string {
  const thrown = error?.cause instanceof Error ? error.cause : error;
  return thrown?.message.split('\n')[0] ?? '';
}
