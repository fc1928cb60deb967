/**
 * The body of an answer, from its socket: it pauses the socket while nobody reads, frees it for the next request when it
 * was read to its end, closes it when the reader leaves early, and never ends quietly before its end.
 */
import { isOciError, type OciError } from '../../errors.ts';
import { cutShort, timeoutError } from '../../http/network-error.ts';
import type { HttpRequest } from '../../http/types.ts';
import type { Incoming } from './carrier.ts';
import { createDeadline, type Deadline } from './deadline.ts';
import { createPace, type Pace } from './pace.ts';
import type { Timeouts } from './timeouts.ts';

/** Bytes kept for the reader before the socket is paused. */
const HELD_BYTES = 128 * 1024;
const PIECE_BYTES = 512;
/** The rest of an answer that is not wanted is read, when it is this short, to keep the connection. */
const DRAINED_BYTES = 64 * 1024;
const DRAIN_MS = 1000;

export class Download {
  readonly #message: Incoming;
  readonly #request: HttpRequest;
  readonly #idleMs: number;
  readonly #pace: Pace;
  readonly #deadline: Deadline;
  readonly #expected: number | undefined;
  readonly #queue: Uint8Array[] = [];
  readonly #over: Promise<void>;
  #isOver = false;
  #failure: OciError | undefined;
  #held = 0;
  #received = 0;
  #wake: (() => void) | undefined;

  /** @param onEnd called once, when the exchange is over, read or not */
  constructor(message: Incoming, request: HttpRequest, timeouts: Timeouts, onEnd: () => void) {
    this.#message = message;
    this.#request = request;
    this.#idleMs = timeouts.idleMs;
    this.#pace = createPace(timeouts);
    this.#deadline = createDeadline((said) => this.fail(timeoutError(request, said)));
    const length = Number(message.headers['content-length'] ?? Number.NaN);
    this.#expected = Number.isNaN(length) ? undefined : length;
    this.#over = new Promise((resolve) => {
      message.onOver((error) => {
        if (error !== undefined || !message.isComplete) this.#failure ??= this.#cutShort(error);
        this.#isOver = true;
        this.#deadline.close();
        onEnd();
        resolve();
        this.#wake?.();
      });
    });
  }

  /** Ends it with an error, whether anybody reads or not. What only breaks the connection breaks nothing that has come as a whole. */
  fail(error: unknown): void {
    const isBroken = !isOciError(error, 'ABORTED', 'TIMEOUT');
    if (this.#isOver || (isBroken && this.#message.isComplete)) return;
    this.#failure ??= isBroken ? this.#cutShort(error) : error;
    this.#message.destroy();
  }

  /** The bytes, once. @throws OciError `UNREACHABLE` when they end early, `TIMEOUT`, `ABORTED` */
  async *read(): AsyncGenerator<Uint8Array> {
    this.#message.onData(this.#take);
    try {
      for (;;) {
        const chunk = this.#queue.shift();
        if (chunk !== undefined) {
          this.#held -= heldFor(chunk);
          if (this.#held < HELD_BYTES && this.#message.isPaused) this.#message.resume();
          yield chunk;
        } else if (this.#isOver) break;
        else await this.#more();
      }
      if (this.#failure !== undefined) throw this.#failure;
    } finally {
      await this.cancel();
    }
  }

  /** Frees the connection, with or without the rest of the body. */
  async cancel(): Promise<void> {
    this.#queue.length = 0;
    if (this.#isOver) return;
    // Where nobody has said how much there is, what has been long so far is taken to go on so.
    const left = this.#expected === undefined ? this.#received : this.#expected - this.#received;
    if (left > DRAINED_BYTES) this.#message.destroy();
    else this.#drain();
    await this.#over;
  }

  readonly #take = (chunk: Uint8Array): void => {
    this.#queue.push(chunk);
    this.#held += heldFor(chunk);
    this.#received += chunk.length;
    if (this.#held >= HELD_BYTES) this.#message.pause();
    this.#wake?.();
  };

  async #more(): Promise<void> {
    this.#deadline.set(this.#idleMs, `no bytes for ${this.#idleMs} ms`);
    const began = performance.now();
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#wake = undefined;
    this.#deadline.clear();
    if (this.#pace.isTooSlow(performance.now() - began, this.#received)) {
      this.fail(timeoutError(this.#request, 'its answer hardly moves'));
    }
  }

  #drain(): void {
    const limit = this.#received + DRAINED_BYTES;
    this.#message.onData((chunk) => {
      this.#received += chunk.length;
      if (this.#received > limit) this.#message.destroy();
    });
    this.#message.resume();
    this.#deadline.close();
    const timer = setTimeout(() => this.#message.destroy(), DRAIN_MS).unref();
    void this.#over.then(() => clearTimeout(timer));
  }

  #cutShort(cause?: unknown): OciError {
    return cutShort(this.#request, this.#received, this.#expected, cause);
  }
}

/** Small pieces cost more than their bytes. */
function heldFor({ length }: Uint8Array): number {
  return Math.max(length, PIECE_BYTES);
}
