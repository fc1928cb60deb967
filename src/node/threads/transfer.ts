/**
 * One transfer in its thread: bytes come from answers and files, are hashed, and go where they go. What is wrong is not passed on to
 * its end: the last piece for a request is held back until the digest is known.
 */
import { createHash } from 'node:crypto';
import { readSync } from 'node:fs';
import { BLOCK_BYTES } from './connection.ts';
import { createPromise } from './promise.ts';
import type { Answer, Expected, Failure, News, Questions, Sink, WireRequest } from './protocol.ts';
import { openSink } from './sink.ts';
import { beginExchange, type WireExchange } from './wire-exchange.ts';

/** The questions of a transfer that was opened. */
export type Transfer = {
  readonly [Q in Exclude<keyof Questions, 'open'>]: (
    ...args: Parameters<Questions[Q]>
  ) => ReturnType<Questions[Q]> | Promise<ReturnType<Questions[Q]>>;
};

/** A failure, and what failed. */
export class TransferFailure extends Error {
  readonly failure: Failure;
  constructor(failure: Failure) {
    super(failure.message);
    this.failure = failure;
  }
}

const TELL_MS = 100;
const BLOCKED_MS = 1000;

export function openTransfer(kind: Sink, expected: Expected, tell: (news: News) => void): Transfer {
  const hash = createHash(expected.algorithm);
  const sink = openSink(kind, () => tell({ connected: 'sink' }));
  const stopped = createPromise<never>();
  let received = 0;
  let told = 0;
  let digest: string | undefined;
  let waiting: WireExchange | undefined;
  let wake: () => void = () => undefined;
  const stop = (failure: TransferFailure): void => {
    stopped.reject(failure);
    wake();
  };
  sink.failed((error) => stop(failed(error, 'sink')));

  /** Hashes and passes on. The end of what was expected is passed on only when it is what was expected. */
  function take(bytes: Uint8Array, done: () => void): boolean {
    received += bytes.length;
    if (received > expected.size)
      throw new TransferFailure({ message: 'too many bytes', code: 'TOO_MANY', where: 'source' });
    hash.update(bytes);
    if (received === expected.size) digest = `${expected.algorithm}:${hash.digest('hex')}`;
    progress();
    if (digest !== undefined && digest !== expected.digest) return true;
    if (digest !== undefined) sink.end();
    return written(bytes, done);
  }

  function written(bytes: Uint8Array, done: () => void): boolean {
    let late: NodeJS.Timeout | undefined;
    const onFree = (): void => {
      clearTimeout(late);
      done();
    };
    try {
      if (sink.write(bytes, onFree)) return true;
    } catch (error) {
      throw failed(error, 'file');
    }
    late = setTimeout(() => tell({ received, blocked: true }), BLOCKED_MS);
    return false;
  }

  function progress(): void {
    const now = performance.now();
    if (now - told < TELL_MS && digest === undefined) return;
    told = now;
    tell({ received });
  }

  async function get(request: WireRequest): Promise<Answer | 'odd'> {
    const exchange = beginExchange(request, { onConnect: () => tell({ connected: 'source' }), isWanted: true });
    waiting = exchange;
    exchange.connection.socket.write(request.head, 'latin1');
    try {
      const answer = await Promise.race([exchange.answer, stopped.promise]);
      if (answer === 'odd' || answer.body !== undefined) waiting = undefined;
      return answer;
    } catch (error) {
      drop();
      throw failed(error, 'source', exchange.connection.reused && !exchange.hasBegun());
    }
  }

  async function takeBody(skip: number): Promise<void> {
    const exchange = waiting;
    if (exchange === undefined) throw new Error('no body waits');
    const broken = createPromise<never>();
    try {
      const moving = exchange.takeBody(skip, (bytes, done) => {
        try {
          return take(bytes, done);
        } catch (error) {
          broken.reject(error);
          return false;
        }
      });
      await Promise.race([moving, broken.promise, stopped.promise]);
      waiting = undefined;
    } catch (error) {
      drop();
      throw failed(error, 'source');
    } finally {
      tell({ received });
    }
  }

  function drop(): void {
    waiting?.connection.destroy();
    waiting = undefined;
  }

  /** Other transfers of the thread get their turn between two pieces. */
  async function takeFile(fd: number, end: number): Promise<void> {
    const block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
    for (let at = 0; at < end && !stopped.isSettled(); ) {
      const count = readFile(fd, block, Math.min(block.length, end - at), at);
      if (count === 0) break;
      at += count;
      await new Promise<void>((resolve) => {
        wake = resolve;
        if (take(block.subarray(0, count), resolve)) setImmediate(resolve);
      });
    }
    tell({ received });
    if (stopped.isSettled()) await stopped.promise;
  }

  return {
    get,
    take: takeBody,
    drop,
    takeFile,
    finish: () => digest ?? `${expected.algorithm}:${hash.copy().digest('hex')}`,
    async answer() {
      try {
        const answer = await Promise.race([sink.answer, stopped.promise]);
        if (answer !== 'odd') return answer;
      } catch (error) {
        throw failed(error, 'sink');
      }
      throw new TransferFailure({ message: 'an answer that cannot be read', code: 'HPE_INVALID', where: 'sink' });
    },
    close() {
      stop(ended());
      drop();
      sink.close();
    },
  };
}

/** What is asked of a transfer that is over. */
export function ended(): TransferFailure {
  return new TransferFailure({ message: 'it was ended', code: 'ENDED', where: 'sink' });
}

function readFile(fd: number, block: Buffer, count: number, at: number): number {
  try {
    return readSync(fd, block, 0, count, at);
  } catch (error) {
    throw failed(error, 'source');
  }
}

function failed(error: unknown, where: Failure['where'], stale: boolean = false): TransferFailure {
  if (error instanceof TransferFailure) return error;
  const { message, code } = error as NodeJS.ErrnoException;
  return new TransferFailure({ message, code, where, stale });
}
