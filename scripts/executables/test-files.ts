/** The test files that start the command: those whose imports lead to test/support/program.ts. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const PROGRAM = 'test/support/program.ts';

/** Below the folder `test`, sorted. */
export function commandTests(): readonly string[] {
  const known = new Map<string, boolean>();
  return readdirSync('test', { recursive: true, encoding: 'utf8' })
    .map((file) => join('test', file).replaceAll('\\', '/'))
    .filter((file) => file.endsWith('.test.ts') && leadsThere(file, known))
    .sort();
}

function leadsThere(file: string, known: Map<string, boolean>): boolean {
  if (file === PROGRAM) return true;
  const answer = known.get(file);
  if (answer !== undefined) return answer;
  known.set(file, false); // for circles
  const leads = importsOf(file).some((other) => leadsThere(other, known));
  known.set(file, leads);
  return leads;
}

function importsOf(file: string): readonly string[] {
  const paths = readFileSync(file, 'utf8').matchAll(/from '(\.[^']+\.ts)'/g);
  return [...paths]
    .map(([, path = '']) => join(dirname(file), path).replaceAll('\\', '/'))
    .filter((path) => path.startsWith('test/') && existsSync(path));
}
