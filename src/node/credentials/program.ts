/** Runs a small program that answers on its standard output: no shell, bounded in time and in what it may print. */
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import { abortError, OciError, throwIfAborted } from '../../errors.ts';
import { concat } from '../../bytes/read.ts';
import type { Call } from '../../model/call.ts';

export interface ProgramOptions extends Call {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** After this many milliseconds it is killed; 30 s unless told. */
  readonly timeoutMs?: number | undefined;
}

const MAX_OUTPUT = 1024 * 1024;
const isWindows: boolean = process.platform === 'win32';

/** Finds a program on the PATH, never in the working directory (which Windows would look at first). */
export async function findProgram(name: string, env: ProgramOptions['env']): Promise<string | undefined> {
  const path = env.PATH ?? (isWindows ? env.Path : undefined) ?? '';
  for (const directory of path.split(delimiter).filter(isAbsolute)) {
    const program = join(directory, isWindows ? `${name}.exe` : name);
    if (await isProgram(program)) return program;
  }
  return undefined;
}

async function isProgram(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}

/**
 * Runs a program with a text as its input, and waits for its end; it is ended with everything that it started when it
 * takes too long, prints too much or is not wanted any more.
 * @throws OciError `TIMEOUT`, `TOO_LARGE`, `IO`, `ABORTED`
 */
export async function runProgram(
  program: string,
  args: readonly string[],
  input: string,
  options: ProgramOptions,
): Promise<{ readonly code: number | string; readonly stdout: string }> {
  const { signal, timeoutMs = 30_000, env } = options;
  throwIfAborted(signal);
  const child = process.getBuiltinModule('node:child_process').spawn(program, args, {
    env: { ...env },
    stdio: ['pipe', 'pipe', 'ignore'],
    shell: false,
    windowsHide: true,
    detached: !isWindows, // a process group of its own, to be ended as one
  });
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let failure: OciError | undefined;
    const stop = (reason: OciError): void => {
      failure ??= reason;
      end(child.pid, () => child.kill('SIGKILL'));
      child.stdout.destroy();
    };
    const onAbort = (): void => stop(abortError(signal ?? AbortSignal.abort()));
    const timer = setTimeout(() => stop(new OciError('TIMEOUT', `it took longer than ${timeoutMs} ms`)), timeoutMs);
    signal?.addEventListener('abort', onAbort, { once: true });
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > MAX_OUTPUT) stop(new OciError('TOO_LARGE', `it printed more than ${MAX_OUTPUT} bytes`));
      else chunks.push(chunk);
    });
    child.stdin.on('error', () => {}); // it need not read its input
    child.stdin.end(input);
    const settle = (finish: () => void): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      finish();
    };
    child.once('error', (cause) => settle(() => reject(new OciError('IO', 'it could not be started', { cause }))));
    child.once('close', (code, name) =>
      settle(() => {
        if (failure !== undefined) reject(failure);
        else resolve({ code: code ?? name ?? 'no exit code', stdout: new TextDecoder().decode(concat(chunks, size)) });
      }),
    );
  });
}

function end(pid: number | undefined, otherwise: () => void): void {
  try {
    if (isWindows || pid === undefined) otherwise();
    else process.kill(-pid, 'SIGKILL');
  } catch {
    otherwise();
  }
}
