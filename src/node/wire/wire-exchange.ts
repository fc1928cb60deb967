/** One request and its answer, over a bare connection. The body waits until it is moved. */
import { type AnswerHead, parseAnswerHead } from './answer-head.ts';
import { type Connection, HEAD_BYTES, type Read, type Reader } from './connection.ts';
import { type Framing, framingOf } from './framing.ts';
import type { Pool } from './pool.ts';
import { createPromise } from './promise.ts';
import type { Route, Step } from './route.ts';

/** Answers that only announce the answer (100, 103). */
const MAX_INTERIM = 10;
const WAIT: Read = { used: 0, next: 'wait' };
const MORE: Read = { used: 0, next: 'now' };

/** Takes bytes where they stand. @returns when more may come: `now`, or when `done` was called, up to which `hold` needs these bytes, too */
export type Put = (bytes: Uint8Array, done: () => void) => Read['next'];

export interface WireExchangeOptions {
  readonly onStep: (step: Step) => void;
  /** An answer to HEAD has no body, whatever it says. */
  readonly isHead?: boolean;
  /** Was all of the request written? Only then can its connection be used again. */
  readonly isSent?: () => boolean;
}

export interface MoveOptions {
  /** Is each piece done with when it was put? Then it may be lent. */
  readonly isAtOnce?: boolean;
  /** Is there so much to do about each piece that they should be large? Is told of what waits to be put meanwhile. */
  readonly onGathered?: (waiting: number) => void;
}

/** How the connection has ended, and what had come before. */
interface Over {
  readonly error: Error | undefined;
  readonly bytes: Uint8Array;
}

export class WireExchange implements Reader {
  readonly connection: Connection;
  readonly #options: WireExchangeOptions;
  readonly #answering = createPromise<AnswerHead | 'odd'>();
  readonly #body = createPromise<void>();
  #head: AnswerHead | undefined;
  #framing: Framing = framingOf(0);
  #hasBegun = false;
  #interim = 0;
  #put: Put | undefined;
  /** Is it to wait, or a piece held? TLS brings more all the same. */
  #isWaiting = false;
  #pieces = 0;
  /** It is over, and its connection may be somebody else's. */
  #isFinished = false;
  #onGathered: MoveOptions['onGathered'];
  #isAtOnce = false;
  #over: Over | undefined;

  /** Opens a connection, and waits for an answer there; whoever begins it writes the request. */
  constructor(pool: Pool, route: Route, options: WireExchangeOptions) {
    this.#options = options;
    this.connection = pool.take(route, options.onStep);
    this.connection.reader = this;
  }

  /** `odd`: left to somebody who can do more; the connection is closed. */
  get answer(): Promise<AnswerHead | 'odd'> {
    return this.#answering.promise;
  }

  get isAtOnce(): boolean {
    return this.#isAtOnce;
  }

  /** Was it all of the body, or is there none? */
  get isOver(): boolean {
    return this.#framing.isOver;
  }

  /** Was it a kept connection, on which nothing has come back? Then it may have ended long ago. */
  isStale(): boolean {
    return this.connection.reused && !this.#hasBegun && !this.#isFinished;
  }

  /** Ends it, with its connection, if it has not ended by itself. What had come of a body that is moved is moved. */
  destroy(): void {
    if (this.#isFinished) return;
    this.connection.destroy();
    if (this.#put !== undefined && !this.#isWaiting) return;
    this.#isFinished = true;
    this.#answering.reject(closedEarly());
    this.#body.reject(closedEarly());
  }

  /** Moves the body that waits. It fails when the connection does, after all that had come was moved. */
  moveBody(put: Put, { onGathered, isAtOnce = false }: MoveOptions = {}): Promise<void> {
    this.#put = put;
    this.#isAtOnce = isAtOnce;
    this.#onGathered = onGathered;
    if (this.#framing.isOver) this.#body.resolve();
    else if (this.#over !== undefined) this.#moveRest(this.#over);
    else this.connection.resume();
    return this.#body.promise;
  }

  read(bytes: Uint8Array, isFull: boolean): Read {
    this.#hasBegun = true;
    if (this.#isFinished) return WAIT;
    if (this.#head === undefined) return this.#readHead(bytes);
    if (this.#put === undefined || this.#isWaiting || this.#framing.isOver) return WAIT;
    // Large pieces cost less than many.
    const isLarge = isFull || bytes.length >= this.#framing.left;
    if (this.#onGathered === undefined || isLarge) return this.#pass(bytes, this.#put);
    this.#onGathered(bytes.length);
    return MORE;
  }

  end(error: Error | undefined, bytes: Uint8Array): void {
    if (this.#isFinished) return;
    this.#over = { error, bytes };
    if (this.#head === undefined) this.#answering.reject(error ?? closedEarly());
    else if (this.#put !== undefined && !this.#isWaiting) this.#moveRest(this.#over);
  }

  #readHead(bytes: Uint8Array): Read {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    const end = text.indexOf('\r\n\r\n');
    const wrong = faultOf(text, end);
    if (wrong !== undefined) return this.#refuse(wrong);
    if (end < 0) return MORE;
    const head = parseAnswerHead(text.toString('latin1', 0, end), this.#options.isHead);
    if (head === 'odd' || head.status === 101 || this.#interim > MAX_INTERIM) return this.#refuse('odd');
    const used = end + 4;
    if (head.status < 200) {
      this.#interim++;
      return after(used, this.#readHead(bytes.subarray(used)));
    }
    this.#head = head;
    this.#framing = framingOf(head.length);
    this.connection.expect('body');
    this.#answering.resolve(head);
    if (this.#framing.isOver) this.#finish();
    return { used, next: 'wait' };
  }

  #refuse(wrong: Error | 'odd'): Read {
    if (wrong === 'odd') this.#answering.resolve('odd');
    else this.#answering.reject(wrong);
    queueMicrotask(() => this.destroy());
    return WAIT;
  }

  /** Puts what there is. */
  #pass(bytes: Uint8Array, put: Put): Read {
    for (let used = 0; ; ) {
      const taken = this.#take(bytes.subarray(used));
      if (taken === undefined) return { used, next: 'wait' };
      used += taken.used;
      const piece = ++this.#pieces;
      const next = taken.piece.length === 0 ? 'now' : put(taken.piece, () => this.#goOn(piece));
      this.#isWaiting = next !== 'now';
      if (this.#isWaiting) return { used, next };
      if (this.#framing.isOver) {
        this.#finish();
        return { used, next: 'wait' };
      }
      if (taken.used === 0 || used === bytes.length) return { used, next };
    }
  }

  #take(bytes: Uint8Array): ReturnType<Framing['take']> | undefined {
    try {
      return this.#framing.take(bytes);
    } catch (error) {
      this.#body.reject(error);
      queueMicrotask(() => this.destroy());
      return undefined;
    }
  }

  /** @param piece the one that is done with: each is once */
  #goOn(piece: number): void {
    if (!this.#isWaiting || piece !== this.#pieces) return;
    this.#isWaiting = false;
    if (this.#framing.isOver) this.#finish();
    else if (this.#over !== undefined) this.#moveRest(this.#over);
    else this.connection.resume();
  }

  /** What had come before the end, once. */
  #moveRest({ error, bytes }: Over): void {
    if (this.#put !== undefined && bytes.length > 0) {
      const { used, next } = this.#pass(bytes, this.#put);
      this.#over = { error, bytes: bytes.subarray(used) };
      if (next !== 'now') return;
    }
    if (error === undefined && this.#head?.length === 'rest') this.#body.resolve();
    else this.#body.reject(error ?? closedEarly());
  }

  /** The body is over: the connection is free, once what is in hand is over. */
  #finish(): void {
    if (this.#isFinished) return;
    this.#isFinished = true;
    this.#body.resolve();
    const { keepMs = 0 } = this.#head ?? {};
    const { isSent = () => true } = this.#options;
    queueMicrotask(() => this.connection.release(isSent() ? keepMs : 0));
  }
}

/** What is wrong with the beginning of an answer, its head or a part of it. */
function faultOf(text: Buffer, end: number): Error | 'odd' | undefined {
  const isHttp = 'HTTP/1.'.startsWith(text.toString('latin1', 0, 7));
  if (!isHttp) return failure('HPE_INVALID_CONSTANT', 'it does not begin like an answer');
  if (end < 0 && text.length >= HEAD_BYTES) return failure('HPE_HEADER_OVERFLOW', 'its head is too long');
  // Who ends lines in another way never sends the end that is waited for.
  return end < 0 && /(?:^|[^\r])\n/.test(text.toString('latin1')) ? 'odd' : undefined;
}

function after(used: number, read: Read): Read {
  return { ...read, used: used + read.used };
}

function closedEarly(): Error {
  return failure('ECONNRESET', 'the connection ended early');
}

function failure(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
