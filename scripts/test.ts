/** Runs the tests: npm test [-- part of a path ...]. What is skipped for want of a program is said in one line. */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { missingTools } from '../test/support/real/find-tool.ts';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const wanted = process.argv.slice(2);
const files = readdirSync('test', { recursive: true, encoding: 'utf8' })
  .map((file) => `test/${file.replaceAll('\\', '/')}`)
  .filter((file) => file.endsWith('.test.ts') && (wanted.length === 0 || wanted.some((part) => file.includes(part))))
  .sort();
if (files.length === 0) {
  console.error(`no test file matches ${wanted.join(' ')}`);
  process.exit(1);
}
const { status } = spawnSync(
  process.execPath,
  ['--import', 'tsx', '-C', 'source', '--test', '--test-reporter=spec', '--test-concurrency=2', ...files],
  { stdio: 'inherit' },
);
const missing = missingTools();
if (missing.length > 0) {
  console.log(
    `skipped what needs ${missing.join(', ')}: not installed here (scripts/debian-packages.sh installs them)`,
  );
}
process.exit(status ?? 1);
