/**
 * The built command as a child process, as a script runs it; program.ts says which. Of this machine it sees PATH and an empty
 * home: nobody's credentials, settings and proxies.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { assertNoCanary } from './planted-secrets.ts';
import { builtProgram, type Program } from './program.ts';

export interface CommandOptions {
  readonly cwd?: string | undefined;
  /** Beside PATH and HOME. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** What stdin gives; nothing unless told. `null` leaves it open. */
  readonly stdin?: string | Uint8Array | null | undefined;
}

export interface CommandResult {
  /** null: a signal has ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stdoutBytes: Buffer;
  readonly stderr: string;
}

/** A command under way. */
export interface RunningCommand {
  readonly child: ChildProcessWithoutNullStreams;
  readonly kill: (signal: NodeJS.Signals) => void;
  readonly done: Promise<CommandResult>;
}

/** Runs one command to its end, whatever that is. */
export function command(args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  return startCommand(args, options).done;
}

/** Runs one command that has to succeed. @returns what it printed */
export async function succeed(args: readonly string[], options: CommandOptions = {}): Promise<string> {
  const { code, signal, stdout, stderr } = await command(args, options);
  if (code !== 0) throw new Error(`lading ${args.join(' ')}: ${code ?? signal}\n${stderr}`);
  return stdout;
}

/** Starts one command. It never outlives the test's process. */
export function startCommand(args: readonly string[], options: CommandOptions = {}): RunningCommand {
  return startProgram([...builtProgram(), ...args], options);
}

/** Starts a line of the shell, in which `lading` is the command. */
export function startShell(line: string, options: CommandOptions = {}): RunningCommand {
  const words = builtProgram().map((word) => `"${word}"`);
  return startProgram(['sh', '-c', `lading() { ${words.join(' ')} "$@"; }; ${line}`], options);
}

function startProgram([file, ...args]: Program, { cwd, env, stdin = '' }: CommandOptions): RunningCommand {
  const child = spawn(file, args, { cwd, env: { PATH: process.env.PATH, HOME: emptyHome(), ...env } });
  const killAtExit = (): boolean => child.kill('SIGKILL');
  process.once('exit', killAtExit);
  // A command that ends before it has read all is its own affair.
  child.stdin.on('error', () => {});
  if (stdin !== null) child.stdin.end(stdin);
  const done = ending(child).finally(() => process.off('exit', killAtExit));
  return { child, kill: (signal) => void child.kill(signal), done };
}

async function ending(child: ChildProcessWithoutNullStreams): Promise<CommandResult> {
  const [stdoutBytes, stderr, [code, signal]] = await Promise.all([
    buffer(child.stdout),
    buffer(child.stderr),
    once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>,
  ]);
  const result = { code, signal, stdout: stdoutBytes.toString(), stdoutBytes, stderr: stderr.toString() };
  assertNoCanary(result.stdout + result.stderr, child.spawnargs.join(' '));
  return result;
}

let home: string | undefined;

function emptyHome(): string {
  if (home !== undefined) return home;
  const made = mkdtempSync(join(tmpdir(), 'lading-home-'));
  process.once('exit', () => rmSync(made, { recursive: true, force: true }));
  home = made;
  return made;
}
