/** One request of a thread and its answer, over a bare connection. A short body is read with the head; a long one waits to be taken. */
import { type AnswerHead, parseAnswerHead } from './answer-head.ts';
import { type Connection, connectTo, HEAD_BYTES, type Read } from './connection.ts';
import { dechunk } from './dechunk.ts';
import { createPromise } from './promise.ts';
import type { Answer, WireRequest } from './protocol.ts';

/** A body that nobody waits for is read up to this length, and cut there. */
const SHORT_BYTES = 64 * 1024;

/** Takes bytes where they stand. @returns whether the memory is free at once; otherwise `done` is called when it is */
export type Take = (bytes: Uint8Array, done: () => void) => boolean;

export interface WireExchange {
  readonly connection: Connection;
  /** `odd`: left to somebody who can do more; the connection is closed. */
  readonly answer: Promise<Answer | 'odd'>;
  /** Moves the body that waits, in large pieces. It fails when the connection does, after all that had come was moved. */
  takeBody(skip: number, take: Take): Promise<void>;
  /** Has anything come back? A kept connection without may have ended long ago. */
  hasBegun(): boolean;
}

export interface ExchangeOptions {
  readonly onConnect: () => void;
  /** Is the body of a 200 or 206 wanted? It waits then. */
  readonly isWanted?: boolean;
  /** Was all of the request written? Only then can its connection be used again. */
  readonly isSent?: () => boolean;
}

/** Opens a connection, and waits for an answer there; whoever begins it writes the request. */
export function beginExchange(
  { way }: WireRequest,
  { onConnect, isWanted = false, isSent = () => true }: ExchangeOptions,
): WireExchange {
  const answering = createPromise<Answer | 'odd'>();
  const body = createPromise<void>();
  const connection = connectTo(way, onConnect);
  let head: AnswerHead | undefined;
  let hasBegun = false;
  let [toSkip, left] = [0, 0];
  let take: Take | undefined;

  /** The end of an answer: the connection is free. What is in hand is finished first. */
  const finish = (keep: boolean): void =>
    queueMicrotask(() => (keep && isSent() ? connection.release() : connection.destroy()));
  const fail = (error: unknown): void => {
    answering.reject(error);
    body.reject(error);
  };
  const answered = ({ status, headers, setCookie }: AnswerHead, bytes?: Uint8Array): void =>
    answering.resolve({ status, headers, setCookie, body: bytes });

  function readHead(bytes: Uint8Array): Read {
    const end = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf('\r\n\r\n');
    if (end < 0) return bytes.length < HEAD_BYTES ? { used: 0, next: 'now' } : oddHead();
    const parsed = parseAnswerHead(Buffer.from(bytes.subarray(0, end)).toString('latin1'));
    if (parsed === 'odd') return oddHead();
    const used = end + 4;
    if (parsed.status < 200) return after(used, readHead(bytes.subarray(used)));
    head = parsed;
    connection.expect('body');
    if (!isWanted || (parsed.status !== 200 && parsed.status !== 206)) {
      return after(used, readShort(parsed, bytes.subarray(used)));
    }
    const coding = parsed.headers['content-encoding'] ?? 'identity';
    if (typeof parsed.length !== 'number' || coding !== 'identity') return oddHead();
    left = parsed.length;
    answered(parsed);
    return { used, next: 'wait' };
  }

  function oddHead(): Read {
    answering.resolve('odd');
    finish(false);
    return { used: 0, next: 'wait' };
  }

  function readShort(answer: AnswerHead, bytes: Uint8Array): Read {
    const isCut = bytes.length >= SHORT_BYTES;
    const whole = wholeBody(answer, bytes) ?? (isCut ? { body: bytes.subarray(0, SHORT_BYTES), used: 0 } : undefined);
    if (whole === undefined) return { used: 0, next: 'now' };
    connection.expect('head');
    answered(answer, new Uint8Array(whole.body));
    finish(answer.keep && !isCut);
    return { used: whole.used, next: 'wait' };
  }

  function pass(piece: Uint8Array, passOn: Take): Read {
    left -= piece.length;
    const dropped = Math.min(toSkip, piece.length);
    toSkip -= dropped;
    const isLast = left === 0;
    if (isLast) connection.expect('head');
    const goOn = (): void => (isLast ? over() : connection.resume());
    const isFree = dropped === piece.length || passOn(piece.subarray(dropped), goOn);
    if (!isFree) return { used: piece.length, next: 'hold' };
    if (isLast) over();
    return { used: piece.length, next: isLast ? 'wait' : 'now' };
  }

  function over(): void {
    finish(head?.keep === true);
    body.resolve();
  }

  connection.reader = {
    read(bytes, isFull) {
      hasBegun = true;
      if (head === undefined) return readHead(bytes);
      if (!answering.isSettled()) return readShort(head, bytes);
      if (take === undefined || left === 0) return { used: 0, next: 'wait' };
      // Large pieces cost less than many.
      return isFull || bytes.length >= left ? pass(bytes.subarray(0, left), take) : { used: 0, next: 'now' };
    },
    end(error, bytes) {
      const early = error ?? Object.assign(new Error('the connection ended early'), { code: 'ECONNRESET' });
      if (head?.length === 'rest' && error === undefined) answered(head, new Uint8Array(bytes));
      if (head === undefined || !answering.isSettled()) return fail(early);
      if (take === undefined || left === 0) return; // it is told again when the body is taken
      if (bytes.length > 0) pass(bytes.subarray(0, left), take);
      if (left > 0) body.reject(early);
    },
  };
  return {
    connection,
    answer: answering.promise,
    takeBody(skip, passOn) {
      [toSkip, take] = [skip, passOn];
      if (left === 0) over();
      else connection.resume();
      return body.promise;
    },
    hasBegun: () => hasBegun,
  };
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
