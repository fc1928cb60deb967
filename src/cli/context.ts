/**
 * The process, handed in as data: a command knows of arguments, environment, streams and signals only what stands here,
 * so that tests run commands without a child process.
 */
import type { Readable, Writable } from 'node:stream';

/** An output stream; the rest is what a terminal tells of itself. */
export type OutputStream = Writable & {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
};

/** An input stream; raw mode is what hides a password. */
export type InputStream = Readable & {
  readonly isTTY?: boolean | undefined;
  setRawMode?(raw: boolean): unknown;
};

/** The signals that end a command. */
export type SignalName = 'SIGINT' | 'SIGTERM';

export interface Context {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly stdin: InputStream;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** Listens to a signal; the answer ends the listening. */
  onSignal(name: SignalName, listener: () => void): () => void;
  /** Ends the process at once: for a second interrupt only. */
  exit(code: number): void;
  /** Milliseconds, monotonic. */
  now(): number;
}

/** The context of the real process. */
export function processContext(): Context {
  // Without a listener, a pipe that closes late ends the process with a stack trace; who writes is told all the same.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  return {
    env: process.env,
    cwd: process.cwd(),
    // Opened only by who reads it.
    get stdin() {
      return process.stdin;
    },
    stdout: process.stdout,
    stderr: process.stderr,
    onSignal(name, listener) {
      process.on(name, listener);
      return () => process.off(name, listener);
    },
    exit: (code) => process.exit(code),
    // `performance` is loaded when it is looked at; this clock is the same.
    now: () => Number(process.hrtime.bigint()) / 1e6,
  };
}
