/**
 * Runs commands in this process: a context of plain streams, and what they were written. With a standalone executable to be tested,
 * it runs all that needs no pretended terminal, clock or signal.
 */
import { Readable, Writable } from 'node:stream';
import type { Context, SignalName } from '../../src/cli/context.ts';
import type { OutputStream } from '../../src/cli/standard-output.ts';
import { run } from '../../src/cli/program.ts';
import { runsAsChild, startChild } from './cli-child.ts';
import { assertNoCanary } from './planted-secrets.ts';
import { executable } from './program.ts';

export interface CliOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** What stdin gives; nothing unless told. */
  readonly stdin?: string | Uint8Array;
  readonly stdinIsTTY?: boolean;
  readonly stdoutIsTTY?: boolean;
  readonly stderrIsTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  /** Told of the process's signals: call it to send one. */
  readonly onReady?: (send: (name: SignalName) => void) => void;
  /** The clock, in milliseconds. */
  readonly now?: () => number;
  /** The test looks at what this process does: it runs here, whatever executable is to be tested. */
  readonly here?: true;
  /** A stdout that ends after so many bytes, as a pipe does whose reader has left. */
  readonly stdoutBreaksAfter?: number;
}

export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stdoutBytes: Buffer;
  readonly stderr: string;
  /** The codes that the process was ended with at once. */
  readonly exits: readonly number[];
}

/** A command under way. */
export interface RunningCli {
  /** The first line that it prints: a URL in text, or the `url` of a JSON line. */
  firstLine(): Promise<string>;
  send(name: SignalName): void;
  readonly done: Promise<CliResult>;
}

/** Runs one command line. Of the environment it knows only what is told, and no home. */
export function cli(argv: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  return startCli(argv, options).done;
}

/** Starts one command line. */
export function startCli(argv: readonly string[], options: CliOptions = {}): RunningCli {
  const running =
    executable !== undefined && runsAsChild(argv, options)
      ? startChild(executable, argv, options)
      : startHere(argv, options);
  const done = running.done.then((result) => {
    assertNoCanary(result.stdout + result.stderr, argv.join(' '));
    return result;
  });
  const firstLine = (): Promise<string> => Promise.race([running.firstLine().then(urlOf), failedEarly(done)]);
  return { done, send: (name) => running.send(name), firstLine };
}

function startHere(argv: readonly string[], options: CliOptions): RunningCli {
  const stdout = memoryStream(options.stdoutIsTTY, options, options.stdoutBreaksAfter);
  const stderr = memoryStream(options.stderrIsTTY, options);
  const listeners = new Map<SignalName, Set<() => void>>();
  const exits: number[] = [];
  const stdin = Readable.from(options.stdin === undefined ? [] : [Buffer.from(options.stdin)]);
  const context: Context = {
    env: { HOME: '/nonexistent', TERM: 'xterm', ...options.env },
    cwd: options.cwd ?? process.cwd(),
    stdin: Object.assign(stdin, { isTTY: options.stdinIsTTY ?? false }),
    stdout: stdout.stream,
    stderr: stderr.stream,
    onSignal(name, listener) {
      const known = listeners.get(name) ?? new Set();
      listeners.set(name, known.add(listener));
      return () => known.delete(listener);
    },
    exit: (code) => void exits.push(code),
    now: options.now ?? (() => performance.now()),
  };
  const send = (name: SignalName): void => listeners.get(name)?.forEach((listener) => listener());
  options.onReady?.(send);
  const done = run(argv, context).then((code) => {
    const stdoutBytes = Buffer.concat(stdout.chunks);
    const stderrText = Buffer.concat(stderr.chunks).toString();
    return { code, stdout: stdoutBytes.toString(), stdoutBytes, stderr: stderrText, exits };
  });
  return { done, send, firstLine: () => stdout.first };
}

/** A line of text is a URL already. */
function urlOf(line: string): string {
  return line.startsWith('{"type"') ? (JSON.parse(line) as { url: string }).url : line;
}

async function failedEarly(done: Promise<CliResult>): Promise<never> {
  const { code, stderr } = await done;
  throw new Error(`ended with ${code} before its first line: ${stderr}`);
}

function memoryStream(
  isTTY: boolean | undefined,
  { columns, rows }: CliOptions,
  breaksAfter = Infinity,
): { stream: OutputStream; chunks: Buffer[]; first: Promise<string> } {
  const chunks: Buffer[] = [];
  let written = 0;
  let tellFirst = (_line: string): void => {};
  const first = new Promise<string>((resolve) => {
    tellFirst = resolve;
  });
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      const room = breaksAfter - written;
      written += chunk.length;
      chunks.push(Buffer.from(chunk.subarray(0, Math.max(0, room))));
      if (written > breaksAfter) return done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
      const line = chunk.toString().split('\n', 1)[0] ?? '';
      tellFirst(line.startsWith('{"type"') ? (JSON.parse(line) as { url: string }).url : line);
      return done();
    },
  });
  return { stream: Object.assign(stream, { isTTY: isTTY ?? false, columns, rows }), chunks, first };
}
