/**
 * A bare socket that reads into one block of memory, over and over. Who reads it sees the bytes where they stand, and may keep them
 * no longer than it says.
 */
import { openSocket } from './open-socket.ts';
import type { Route, Step } from './route.ts';
import type { Lent, Sessions, WireSocket } from './socket.ts';

/** A head has to stand in so much; the rest of the block is for the body behind it. */
export const HEAD_BYTES: number = 64 * 1024;

/** Looks at the bytes that have come and were not used. It is called again when there are more. */
export interface Reader {
  /** Is it done with what it used when it has looked? Then it may look at bytes that are only lent. */
  readonly isAtOnce: boolean;
  /** @param isFull there is no room for more behind them @returns what it did with them */
  read(bytes: Uint8Array, isFull: boolean): Read;
  /** It has ended, and these bytes were not used. No error: the other side has nothing more to say. */
  end(error: Error | undefined, bytes: Uint8Array): void;
}

/** How many bytes were used, and when to read on: at once, or when told; `hold` keeps the bytes where they stand until then. */
export interface Read {
  readonly used: number;
  readonly next: 'now' | 'wait' | 'hold';
}

export interface ConnectionOptions {
  readonly blockBytes: number;
  /** For how long it may be kept when it is done with, in ms. */
  readonly keptMs: number;
  /** What connections of the same pool share. */
  readonly sessions: Sessions;
  readonly onStep: (step: Step) => void;
  /** It is done with, and may be claimed again. */
  readonly onFree: (connection: Connection) => void;
  readonly onGone: (connection: Connection) => void;
}

export class Connection {
  readonly socket: WireSocket;
  readonly key: string;
  reader: Reader | undefined;
  /** Was it used before? */
  reused = false;
  readonly #options: ConnectionOptions;
  #block: Buffer;
  #spare: Buffer | undefined;
  /** What has come and was not used. */
  #begin = 0;
  #fill = 0;
  #limit: number = HEAD_BYTES;
  #isOver = false;
  #idle: NodeJS.Timeout | undefined;

  constructor(route: Route, options: ConnectionOptions) {
    this.key = route.key;
    this.#options = options;
    this.#block = this.#newBlock();
    this.socket = openSocket(route, {
      ...options,
      room: this.#room,
      onRead: this.#fillUp,
      onLent: (bytes) => this.#lookAt(bytes),
      onEnd: (error) => this.#end(error),
    });
  }

  /** How much of the block the next bytes may fill: little, for a head, or all of it. */
  expect(what: 'head' | 'body'): void {
    this.#limit = what === 'head' ? HEAD_BYTES : this.#options.blockBytes;
  }

  /** Has the reader look again at what is there, and goes on reading. */
  resume(): void {
    if (this.#isOver || (this.#begin !== this.#fill && !this.#look())) return;
    this.socket.resume();
  }

  /** Done with: it may be claimed again for a while, if the server has not said for how long. */
  release(serverMs: number = Number.POSITIVE_INFINITY): void {
    const keptMs = Math.min(serverMs, this.#options.keptMs);
    const isClean = this.#begin === this.#fill && this.socket.isFlushed;
    if (this.#isOver || !isClean || keptMs <= 0) return this.destroy();
    this.expect('head');
    this.#spare = undefined;
    this.reader = undefined;
    this.reused = true;
    this.socket.setIdle(true);
    this.socket.resume(); // so that its end is noticed
    if (this.socket.isDestroyed) return; // it was ended before, or there was more than was asked for
    this.#idle = setTimeout(() => this.destroy(), keptMs).unref();
    this.#options.onFree(this);
  }

  claim(): void {
    clearTimeout(this.#idle);
    this.socket.setIdle(false);
  }

  destroy(): void {
    clearTimeout(this.#idle);
    this.#options.onGone(this);
    this.socket.destroy();
  }

  /** Where the next bytes are put. */
  readonly #room = (): Uint8Array => {
    if (this.#begin === this.#fill) this.#begin = this.#fill = 0;
    if (this.#fill === this.#block.length) this.#makeRoom();
    return this.#block.subarray(this.#fill, Math.max(this.#begin + this.#limit, this.#fill + 1));
  };

  /** Node asks for room right after each read only: what was resumed since may have moved on to another place. */
  readonly #fillUp = (count: number, room: Uint8Array): boolean => {
    const isHere = room.buffer === this.#block.buffer && room.byteOffset === this.#block.byteOffset + this.#fill;
    if (!isHere) {
      if (this.#fill + count > this.#block.length) this.#grow(count);
      this.#block.set(room.subarray(0, count), this.#fill);
    }
    this.#fill += count;
    return this.#look();
  };

  /** A read into no room at all would be an error. */
  #makeRoom(): void {
    if (this.#begin === 0) return this.#grow(HEAD_BYTES);
    this.#block.copyWithin(0, this.#begin, this.#fill);
    this.#fill -= this.#begin;
    this.#begin = 0;
  }

  #newBlock(): Buffer {
    return Buffer.allocUnsafeSlow(this.#options.blockBytes);
  }

  #grow(more: number): void {
    this.#block = Buffer.concat([this.#block, Buffer.allocUnsafeSlow(more)]);
  }

  /** Bytes that stand elsewhere, and only now. @returns undefined: they have to be read into the room */
  #lookAt(bytes: Uint8Array): Lent | undefined {
    if (this.reader?.isAtOnce !== true || this.#begin !== this.#fill) return undefined;
    const { used, next } = this.reader.read(bytes, true);
    return { used, isMore: next === 'now' };
  }

  /** @returns whether to read on */
  #look(): boolean {
    if (this.reader === undefined) {
      this.destroy(); // nothing was asked for
      return false;
    }
    const { used, next } = this.reader.read(this.#unused(), this.#fill === this.#block.length);
    this.#begin += used;
    if (next === 'hold') this.#changeBlock();
    return next === 'now';
  }

  /** What is held stays where it is; what comes next goes into another block. */
  #changeBlock(): void {
    const rest = this.#unused();
    [this.#block, this.#spare] = [this.#spare ?? this.#newBlock(), this.#block];
    this.#begin = 0;
    this.#fill = rest.length;
    if (this.#fill > this.#block.length) this.#grow(this.#fill);
    this.#block.set(rest);
  }

  #unused(): Uint8Array {
    return this.#block.subarray(this.#begin, this.#fill);
  }

  #end(error?: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const rest = this.#unused();
    this.#begin = this.#fill;
    this.reader?.end(error, rest);
    this.destroy();
  }
}
