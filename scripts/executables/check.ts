/** What can be said of an executable that was made: its format, its signature, that our command is in it, and on this machine that it runs. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { formatOf } from './format.ts';
import { isSigned } from './signature.ts';
import { hostTarget, type Target } from './targets.ts';

export interface Checked {
  readonly target: string;
  readonly file: string;
  /** In bytes. */
  readonly size: number;
  /** What is good in it; what must be good has thrown where it is not. */
  readonly found: readonly string[];
}

/** The first words of the help: they stand in the command, and in nothing else. */
const OURS = 'Read, write, copy, check and serve container images and OCI artifacts.';

/** @throws Error where it is for another machine, holds no command, or does not run here */
export function checkExecutable(target: Target, file: string, version: string): Checked {
  const bytes = readFileSync(file);
  const format = formatOf(bytes);
  if (format !== target.format) throw new Error(`${file} is ${format ?? 'no executable'}, not ${target.format}`);
  if (!bytes.includes(OURS)) throw new Error(`${file} holds no command`);
  const found: string[] = [format, 'holds the command'];
  if (format.startsWith('Mach-O')) found.push(isSigned(bytes) ? 'its signature is of its bytes' : 'to be signed');
  if (target === hostTarget()) {
    const told = execFileSync(file, ['--version'], { encoding: 'utf8' }).trim();
    if (told !== version) throw new Error(`${file} --version says ${told}, not ${version}`);
    found.push('runs');
  }
  return { target: target.name, file, size: bytes.length, found };
}
