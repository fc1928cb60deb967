/** Runs commands in this process: a context of plain streams, and what they were written. */
import { Readable, Writable } from 'node:stream';
import type { Context, OutputStream, SignalName } from '../../src/cli/context.ts';
import { run } from '../../src/cli/program.ts';

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

/** Runs one command line. Of the environment it knows only what is told, and no home. */
export async function cli(argv: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const stdout = memoryStream(options.stdoutIsTTY, options, options.stdoutBreaksAfter);
  const stderr = memoryStream(options.stderrIsTTY, options);
  const listeners = new Map<SignalName, Set<() => void>>();
  const exits: number[] = [];
  const context: Context = {
    env: { HOME: '/nonexistent', TERM: 'xterm', ...options.env },
    cwd: options.cwd ?? process.cwd(),
    stdin: Object.assign(Readable.from(options.stdin === undefined ? [] : [Buffer.from(options.stdin)]), {
      isTTY: options.stdinIsTTY ?? false,
    }),
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
  options.onReady?.((name) => listeners.get(name)?.forEach((listener) => listener()));
  const code = await run(argv, context);
  const stdoutBytes = Buffer.concat(stdout.chunks);
  return { code, stdout: stdoutBytes.toString(), stdoutBytes, stderr: Buffer.concat(stderr.chunks).toString(), exits };
}

function memoryStream(
  isTTY: boolean | undefined,
  { columns, rows }: CliOptions,
  breaksAfter = Infinity,
): { stream: OutputStream; chunks: Buffer[] } {
  const chunks: Buffer[] = [];
  let written = 0;
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      written += chunk.length;
      if (written > breaksAfter) return done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
      chunks.push(Buffer.from(chunk));
      return done();
    },
  });
  return { stream: Object.assign(stream, { isTTY: isTTY ?? false, columns, rows }), chunks };
}
