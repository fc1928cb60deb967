/** Fetches a runtime from npm with `npm pack`, once, and takes only the bytes that the table names. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Runtime } from './targets.ts';

/** @param folder keeps what was fetched @returns the program's file @throws Error where npm sends other bytes */
export function fetchRuntime(runtime: Runtime, folder: string): string {
  const place = join(folder, `${runtime.name.replace(/^@.*\//, '')}-${runtime.version}`);
  const program = join(place, runtime.file);
  if (existsSync(program)) return program;
  mkdirSync(folder, { recursive: true });
  const work = mkdtempSync(join(folder, 'fetch-'));
  try {
    const wanted = `${runtime.name}@${runtime.version}`;
    console.error(`fetching ${wanted}`);
    const archive = join(work, lastLine(npm(['pack', '--silent', '--pack-destination', work, wanted])));
    verify(readFileSync(archive), runtime);
    execFileSync('tar', ['-xzf', archive, '-C', work, `package/${runtime.file}`]);
    // Another run may have been quicker.
    if (!existsSync(place)) renameSync(join(work, 'package'), place);
    return program;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** @throws Error when the bytes are not those that the table names */
export function verify(bytes: Uint8Array, { name, version, integrity }: Runtime): void {
  const found = `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
  if (found !== integrity) throw new Error(`npm sent ${found} for ${name}@${version}, which is ${integrity}`);
}

function npm(args: readonly string[]): string {
  // On Windows npm is a script of the shell.
  const shell = process.platform === 'win32';
  return execFileSync('npm', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], shell });
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
