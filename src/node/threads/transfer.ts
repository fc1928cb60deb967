/**
 * One transfer in its thread: bytes come from answers and files, are hashed, and go where they go. What is wrong is not passed on to
 * its end: the last piece is held back until the digest is known.
 */
import { createHash, type Hash } from 'node:crypto';
import { readSync } from 'node:fs';
import { digestAlgorithm } from '../../model/digest.ts';
import type { Answer, Expected, Failure, News, Questions, Sink, WireRequest } from './protocol.ts';
import { createPromise } from '../wire/promise.ts';
import { type Put, WireExchange } from '../wire/wire-exchange.ts';
import { BLOCK_BYTES, routeTo } from './routes.ts';
import { readShort } from './short-body.ts';
import { type OpenSink, openSink } from './sink.ts';

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

export function openTransfer(sink: Sink, expected: Expected, tell: (news: News) => void): Transfer {
  return new OpenTransfer(sink, expected, tell);
}

class OpenTransfer implements Transfer {
  readonly #expected: Expected;
  readonly #tell: (news: News) => void;
  readonly #hash: Hash;
  readonly #sink: OpenSink;
  /** Settled when nothing more is to be moved: by its end, or because its sink takes no more. */
  readonly #stopped = createPromise<never>();
  #received = 0;
  #told = 0;
  #digest: string | undefined;
  #waiting: WireExchange | undefined;
  #wake: () => void = () => undefined;

  constructor(sink: Sink, expected: Expected, tell: (news: News) => void) {
    this.#expected = expected;
    this.#tell = tell;
    this.#hash = createHash(digestAlgorithm(expected.digest));
    this.#sink = openSink(sink, {
      onStep: (step) => tell({ step, of: 'sink' }),
      onFailure: (error, stale) => this.#stop(failureOf(error, 'sink', stale)),
    });
  }

  async get(request: WireRequest): Promise<Answer | 'odd'> {
    const { pool, route } = routeTo(request.way);
    const exchange = new WireExchange(pool, route, { onStep: (step) => this.#tell({ step, of: 'source' }) });
    this.#waiting = exchange;
    exchange.connection.socket.write(request.head);
    try {
      return await Promise.race([this.#answerOf(exchange), this.#stopped.promise]);
    } catch (error) {
      const isStale = exchange.isStale();
      this.drop();
      throw failureOf(error, 'source', isStale);
    }
  }

  /** The body of a 200 or 206 waits; it must be as it is on the wire, and its length be known. */
  async #answerOf(exchange: WireExchange): Promise<Answer | 'odd'> {
    const head = await exchange.answer;
    if (head === 'odd') return this.#done(head);
    const { status, headers, setCookie, length } = head;
    const isWanted = status === 200 || status === 206;
    if (!isWanted) return this.#done({ status, headers, setCookie, body: await readShort(exchange) });
    const coding = headers['content-encoding'] ?? 'identity';
    if (typeof length === 'number' && coding === 'identity') return { status, headers, setCookie };
    exchange.destroy();
    return this.#done('odd');
  }

  /** No body waits. */
  #done<A extends Answer | 'odd'>(answer: A): A {
    this.#waiting = undefined;
    return answer;
  }

  async move(skip: number): Promise<void> {
    const exchange = this.#waiting;
    if (exchange === undefined) throw failureOf(new Error('no body waits'), 'source');
    const broken = createPromise<never>();
    let toSkip = skip;
    const put: Put = (bytes, done) => {
      const dropped = Math.min(toSkip, bytes.length);
      toSkip -= dropped;
      if (dropped === bytes.length) return 'now';
      try {
        return this.#put(bytes.subarray(dropped), done);
      } catch (error) {
        broken.reject(error);
        return 'wait';
      }
    };
    const onGathered = (waiting: number): void => this.#progress(waiting);
    const moving = exchange.moveBody(put, { onGathered, isAtOnce: this.#sink.isAtOnce });
    try {
      await Promise.race([moving, broken.promise, this.#stopped.promise]);
      this.#waiting = undefined;
    } catch (error) {
      this.drop();
      throw failureOf(error, 'source');
    } finally {
      this.#tellAll();
    }
  }

  drop(): void {
    this.#waiting?.destroy();
    this.#waiting = undefined;
  }

  /** Other transfers of the thread get their turn between two pieces. It ends before anybody is told that it has. */
  async moveFile(fd: number, end: number): Promise<void> {
    const block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
    for (let at = 0; at < end && !this.#stopped.isSettled(); ) {
      const count = readFile(fd, block, Math.min(block.length, end - at), at);
      if (count === 0) break;
      at += count;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        if (this.#put(block.subarray(0, count), resolve) === 'now') setImmediate(resolve);
      });
    }
    this.#tellAll();
    if (this.#stopped.isSettled()) await this.#stopped.promise;
  }

  finish(): string {
    return this.#digest ?? `${digestAlgorithm(this.#expected.digest)}:${this.#hash.copy().digest('hex')}`;
  }

  async answer(): Promise<Answer> {
    const answer = await Promise.race([this.#sink.answer, this.#stopped.promise]).catch((error: unknown) => {
      throw failureOf(error, 'sink');
    });
    if (answer !== 'odd') return answer;
    throw new TransferFailure({ message: 'an answer that cannot be read', code: 'HPE_INVALID', where: 'sink' });
  }

  close(): void {
    this.#stop(ended());
    this.drop();
    this.#sink.close();
  }

  #stop(failure: TransferFailure): void {
    this.#stopped.reject(failure);
    this.#wake();
  }

  /** Hashes and passes on. The end of what was expected is passed on only when it is what was expected. */
  #put(bytes: Uint8Array, done: () => void): ReturnType<Put> {
    const { size, digest } = this.#expected;
    if (this.#stopped.isSettled()) throw ended();
    this.#received += bytes.length;
    if (this.#received > size)
      throw new TransferFailure({ message: 'too many bytes', code: 'TOO_MANY', where: 'source' });
    this.#hash.update(bytes);
    if (this.#received < size) {
      this.#progress();
      return this.#write(bytes, done);
    }
    this.#digest = `${digestAlgorithm(digest)}:${this.#hash.digest('hex')}`;
    this.#tellAll(); // before anybody can answer to it
    if (this.#digest !== digest) return 'now';
    this.#sink.end();
    return this.#write(bytes, done);
  }

  #write(bytes: Uint8Array, done: () => void): ReturnType<Put> {
    let late: NodeJS.Timeout | undefined;
    let isBlocked = false;
    const onFree = (): void => {
      clearTimeout(late);
      if (isBlocked) this.#tellAll();
      done();
    };
    try {
      if (this.#sink.put(bytes, onFree) === 'now') return 'now';
    } catch (error) {
      throw failureOf(error, 'file');
    }
    late = setTimeout(() => {
      isBlocked = true;
      this.#tellAll(0, true);
    }, BLOCKED_MS);
    return 'hold';
  }

  /** @param waiting bytes that have come, and were not put in yet */
  #progress(waiting: number = 0): void {
    const now = performance.now();
    if (now - this.#told < TELL_MS) return;
    this.#told = now;
    this.#tellAll(waiting);
  }

  #tellAll(waiting: number = 0, blocked: boolean = false): void {
    this.#tell({ received: this.#received, arrived: this.#received + waiting, blocked });
  }
}

/** What is asked of a transfer that is over. */
export function ended(): TransferFailure {
  return new TransferFailure({ message: 'it was ended', code: 'ENDED', where: 'sink' });
}

function readFile(fd: number, block: Buffer, count: number, at: number): number {
  try {
    return readSync(fd, block, 0, count, at);
  } catch (error) {
    throw failureOf(error, 'source');
  }
}

function failureOf(error: unknown, where: Failure['where'], stale: boolean = false): TransferFailure {
  if (error instanceof TransferFailure) return error;
  const { message, code } = error as NodeJS.ErrnoException;
  return new TransferFailure({ message, code, where, stale });
}
