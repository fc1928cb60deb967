/**
 * The process, handed in as data: a command knows of arguments, environment, streams and signals only what stands here,
 * so that tests run commands without a child process.
 */
import type { Readable } from 'node:stream';
import { type OutputStream, StandardOutput } from './standard-output.ts';

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
  return {
    env: process.env,
    cwd: process.cwd(),
    // Opened only by who reads it.
    get stdin() {
      return process.stdin;
    },
    stdout: new StandardOutput(1, () => process.stdout),
    stderr: new StandardOutput(2, () => process.stderr),
    onSignal(name, listener) {
      process.on(name, listener);
      return () => process.off(name, listener);
    },
    exit: (code) => process.exit(code),
    // `performance` is loaded when it is looked at; this clock is the same.
    now: () => Number(process.hrtime.bigint()) / 1e6,
  };
}
