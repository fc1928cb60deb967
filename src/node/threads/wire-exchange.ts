/** One request of a thread and its answer, over a bare connection. A short body is read with the head; a long one waits to be moved. */
import { type AnswerHead, parseAnswerHead } from './answer-head.ts';
import { type Connection, connectTo, HEAD_BYTES, type Read, type Reader, type Step } from './connection.ts';
import { dechunk } from './dechunk.ts';
import { createPromise } from './promise.ts';
import type { Answer, WireRequest } from './protocol.ts';

/** A body that nobody waits for is read up to this length, and for no longer than that: the status has told all. */
const SHORT_BYTES = 64 * 1024;
const SHORT_MS = 1000;
/** Answers that only announce the answer (100, 103). */
const MAX_INTERIM = 10;
const WAIT: Read = { used: 0, next: 'wait' };
const MORE: Read = { used: 0, next: 'now' };

/** Takes bytes where they stand. @returns whether the memory is free at once; otherwise `done` is called when it is */
export type Put = (bytes: Uint8Array, done: () => void) => boolean;

export interface ExchangeOptions {
  readonly onStep: (step: Step) => void;
  /** Is the body of a 200 or 206 wanted? It waits then. */
  readonly isWanted?: boolean;
  /** Is told of every byte of the body that waits to be put. */
  readonly onArrived?: (waiting: number) => void;
  /** Was all of the request written? Only then can its connection be used again. */
  readonly isSent?: () => boolean;
}

interface Over {
  readonly error: Error;
  readonly bytes: Uint8Array;
}

export class WireExchange implements Reader {
  readonly connection: Connection;
  readonly #options: ExchangeOptions;
  readonly #answering = createPromise<Answer | 'odd'>();
  readonly #body = createPromise<void>();
  #head: AnswerHead | undefined;
  #hasBegun = false;
  #interim = 0;
  #patience: NodeJS.Timeout | undefined;
  /** Of the body that waits. */
  #left = 0;
  #toSkip = 0;
  #put: Put | undefined;
  /** How the connection has ended, and what had come before. */
  #over: Over | undefined;

  /** Opens a connection, and waits for an answer there; whoever begins it writes the request. */
  constructor({ way }: WireRequest, options: ExchangeOptions) {
    this.#options = options;
    this.connection = connectTo(way, options.onStep);
    this.connection.reader = this;
  }

  /** `odd`: left to somebody who can do more; the connection is closed. */
  get answer(): Promise<Answer | 'odd'> {
    return this.#answering.promise;
  }

  /** Was it a kept connection, on which nothing has come back? Then it may have ended long ago. */
  isStale(): boolean {
    return this.connection.reused && !this.#hasBegun;
  }

  /** Moves the body that waits, in large pieces. It fails when the connection does, after all that had come was moved. */
  moveBody(skip: number, put: Put): Promise<void> {
    this.#toSkip = skip;
    this.#put = put;
    if (this.#left === 0) this.#finishBody();
    else if (this.#over !== undefined) this.#moveRest(put, this.#over);
    else this.connection.resume();
    return this.#body.promise;
  }

  read(bytes: Uint8Array, isFull: boolean): Read {
    this.#hasBegun = true;
    if (this.#head === undefined) return this.#readHead(bytes);
    if (!this.#answering.isSettled()) return this.#readShort(this.#head, bytes);
    if (this.#put === undefined || this.#left === 0) return WAIT;
    // Large pieces cost less than many.
    if (isFull || bytes.length >= this.#left) return this.#pass(bytes.subarray(0, this.#left), this.#put);
    this.#options.onArrived?.(bytes.length);
    return MORE;
  }

  end(given: Error | undefined, bytes: Uint8Array): void {
    const error = given ?? Object.assign(new Error('the connection ended early'), { code: 'ECONNRESET' });
    this.#over = { error, bytes };
    if (this.#head === undefined) return this.#answering.reject(error);
    if (!this.#answering.isSettled())
      this.#answerShort(this.#head, this.#head.length === 'chunked' ? undefined : bytes);
    else if (this.#left > 0 && this.#put !== undefined) this.#moveRest(this.#put, this.#over);
  }

  #readHead(bytes: Uint8Array): Read {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    const end = text.indexOf('\r\n\r\n');
    if (end < 0) return bytes.length < HEAD_BYTES ? MORE : this.#odd();
    const head = parseAnswerHead(text.toString('latin1', 0, end));
    if (head === 'odd' || head.status === 101 || this.#interim > MAX_INTERIM) return this.#odd();
    const [used, rest] = [end + 4, bytes.subarray(end + 4)];
    if (head.status < 200) {
      this.#interim++;
      return after(used, this.#readHead(rest));
    }
    this.#head = head;
    this.connection.expect('body');
    const isWanted = this.#options.isWanted === true && (head.status === 200 || head.status === 206);
    return after(used, isWanted ? this.#keepBody(head) : this.#readShort(head, rest));
  }

  #keepBody(head: AnswerHead): Read {
    const coding = head.headers['content-encoding'] ?? 'identity';
    if (typeof head.length !== 'number' || coding !== 'identity') return this.#odd();
    this.#left = head.length;
    this.#answered(head);
    return WAIT;
  }

  #odd(): Read {
    this.#answering.resolve('odd');
    this.#finish(false);
    return WAIT;
  }

  #readShort(head: AnswerHead, bytes: Uint8Array): Read {
    const whole = wholeBody(head, bytes);
    if (whole !== undefined) {
      this.#answerShort(head, whole.body, head.keep);
      return { used: whole.used, next: 'wait' };
    }
    if (bytes.length >= SHORT_BYTES) {
      this.#answerShort(head, head.length === 'chunked' ? undefined : bytes.subarray(0, SHORT_BYTES));
      return WAIT;
    }
    this.#patience ??= setTimeout(() => this.#answerShort(head), SHORT_MS);
    return MORE;
  }

  /** The answer with as much of its body as there is. */
  #answerShort(head: AnswerHead, body: Uint8Array = new Uint8Array(), keep: boolean = false): void {
    clearTimeout(this.#patience);
    this.connection.expect('head');
    this.#answered(head, body);
    this.#finish(keep);
  }

  #answered({ status, headers, setCookie }: AnswerHead, bytes?: Uint8Array): void {
    this.#answering.resolve({ status, headers, setCookie, body: bytes && new Uint8Array(bytes) });
  }

  #pass(piece: Uint8Array, put: Put): Read {
    this.#left -= piece.length;
    const dropped = Math.min(this.#toSkip, piece.length);
    this.#toSkip -= dropped;
    const isLast = this.#left === 0;
    if (isLast) this.connection.expect('head');
    const goOn = (): void => (isLast ? this.#finishBody() : this.connection.resume());
    const isFree = dropped === piece.length || put(piece.subarray(dropped), goOn);
    if (isFree && isLast) this.#finishBody();
    return { used: piece.length, next: !isFree ? 'hold' : isLast ? 'wait' : 'now' };
  }

  /** What had come before the end, once. */
  #moveRest(put: Put, { error, bytes }: Over): void {
    if (bytes.length > 0) this.#pass(bytes.subarray(0, this.#left), put);
    if (this.#left > 0) this.#body.reject(error);
  }

  #finishBody(): void {
    this.#finish(this.#head?.keep === true);
    this.#body.resolve();
  }

  /** The connection is free, once what is in hand is over. */
  #finish(keep: boolean): void {
    const { isSent = () => true } = this.#options;
    queueMicrotask(() => (keep && isSent() ? this.connection.release() : this.connection.destroy()));
  }
}

function after(used: number, read: Read): Read {
  return { ...read, used: used + read.used };
}

/** A body that is there as a whole, without its framing, and how many bytes it takes; one up to the end never is. */
function wholeBody(
  { length }: AnswerHead,
  bytes: Uint8Array,
): { readonly body: Uint8Array; readonly used: number } | undefined {
  if (length === 'rest') return undefined;
  if (length === 'chunked') return dechunk(bytes);
  return bytes.length < length ? undefined : { body: bytes.subarray(0, length), used: length };
}
