/**
 * A standard stream of the process that is opened late. To open one loads streams and terminals, which takes a short command longer than
 * what it prints; so the little that most print into a pipe or a file is written by the system's call.
 */
import type { Writable } from 'node:stream';

/** What commands use of an output stream, and what a terminal tells of itself. */
export interface OutputStream {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  write(chunk: string | Uint8Array, done?: (error?: Error | null) => void): boolean;
  on(name: 'error', listener: (error: Error) => void): unknown;
  off(name: 'error', listener: (error: Error) => void): unknown;
}

/** A stream of the process, as it is opened. */
export type OpenStream = Writable & OutputStream;

/** More than this may have to wait for its reader, and is left to the stream. */
const AT_ONCE_BYTES = 32 * 1024;

export class StandardOutput implements OutputStream {
  readonly #fd: number;
  readonly #open: () => OpenStream;
  readonly #listeners = new Set<(error: Error) => void>();
  #stream: OpenStream | undefined;
  #isTTY: boolean | undefined;
  /** Where to write at once; `none`: only a stream can write here without waiting. */
  #direct: number | 'none' | undefined;
  #written = 0;

  /** @param open opens it, once */
  constructor(fd: number, open: () => OpenStream) {
    this.#fd = fd;
    this.#open = open;
  }

  get isTTY(): boolean {
    return (this.#isTTY ??= isTerminal(this.#fd));
  }

  get columns(): number | undefined {
    return this.isTTY ? this.stream.columns : undefined;
  }

  get rows(): number | undefined {
    return this.isTTY ? this.stream.rows : undefined;
  }

  /** All that a stream can do. */
  get stream(): OpenStream {
    // Without a listener, a pipe that closes late ends the process with a stack trace; who writes is told all the same.
    this.#stream ??= this.#open().on('error', (error: Error) => {
      for (const listener of this.#listeners) listener(error);
    });
    return this.#stream;
  }

  write(chunk: string | Uint8Array, done?: (error?: Error | null) => void): boolean {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    const isShort = this.#stream === undefined && this.#written + bytes.length <= AT_ONCE_BYTES;
    const direct = isShort && !this.isTTY ? (this.#direct ??= directly(this.#fd)) : 'none';
    return direct === 'none' ? this.stream.write(chunk, done) : this.#writeNow(direct, bytes, done);
  }

  on(_: 'error', listener: (error: Error) => void): this {
    this.#listeners.add(listener);
    return this;
  }

  off(_: 'error', listener: (error: Error) => void): this {
    this.#listeners.delete(listener);
    return this;
  }

  /** What a pipe does not take now, the stream does later. */
  #writeNow(fd: number, bytes: Uint8Array, done: ((error?: Error | null) => void) | undefined): boolean {
    const { writeSync } = process.getBuiltinModule('node:fs');
    let at = 0;
    try {
      while (at < bytes.length) at += writeSync(fd, bytes, at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return this.stream.write(bytes.subarray(at), done);
      done?.(error as Error);
      return true;
    }
    this.#written += bytes.length;
    done?.();
    return true;
  }
}

/** A stream to give to somebody who wants all that one can do. */
export function streamOf(output: OutputStream): Writable {
  return output instanceof StandardOutput ? output.stream : (output as OpenStream);
}

/**
 * A number for what can be written to without waiting for anybody: who waits in the system's call hears no signal. A pipe may be full of
 * what others have written: on Linux it is opened once more, so that it says so. What a socket holds is ours, and much more than is written at once.
 */
function directly(fd: number): number | 'none' {
  try {
    const { constants, fstatSync, openSync } = process.getBuiltinModule('node:fs');
    const stats = fstatSync(fd);
    if (stats.isFile() || stats.isCharacterDevice()) return fd;
    if (process.platform !== 'linux') return 'none';
    if (stats.isFIFO()) return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK);
    return stats.isSocket() ? fd : 'none';
  } catch {
    return 'none';
  }
}

/** On POSIX only a device can be one, and whether it is, takes longer to find out. */
function isTerminal(fd: number): boolean {
  try {
    if (process.platform !== 'win32' && !process.getBuiltinModule('node:fs').fstatSync(fd).isCharacterDevice())
      return false;
    return process.getBuiltinModule('node:tty').isatty(fd);
  } catch {
    return false;
  }
}
