/** A socket that is read by the line, by the head and by the byte, and that can be cut in every way. It knows no HTTP. */
import type { Socket } from 'node:net';

/** Bytes kept for the reader before the socket is paused. */
const HELD_BYTES = 256 * 1024;
const MAX_HEAD_BYTES = 1024 * 1024;

export class Wire {
  /** Resolves when the socket is gone, whoever ended it. */
  readonly gone: Promise<void>;
  /** Aborted when it is gone: waits end with it. */
  readonly signal: AbortSignal;
  readonly #socket: Socket;
  readonly #raw: Socket;
  readonly #chunks: Buffer[] = [];
  #held = 0;
  #ended = false;
  #ignores = false;
  #wake: (() => void) | undefined;

  /** @param raw what is below TLS, to be reset */
  constructor(socket: Socket, raw: Socket = socket) {
    this.#socket = socket;
    this.#raw = raw;
    const controller = new AbortController();
    this.signal = controller.signal;
    const end = (): void => {
      this.#ended = true;
      this.#wake?.();
    };
    this.gone = new Promise((resolve) => {
      socket.once('close', () => {
        end();
        controller.abort();
        resolve();
      });
    });
    socket.on('error', end).once('end', end).on('data', this.#take).setNoDelay(true);
    if (socket.destroyed) socket.emit('close');
  }

  /** Has the other side ended it, and is all read? */
  get isOver(): boolean {
    return this.#ended && this.#held === 0;
  }

  /** What is at hand, at most so many bytes; undefined at the end. */
  async some(most: number = HELD_BYTES): Promise<Buffer | undefined> {
    while (this.#held === 0) {
      if (this.#ended) return undefined;
      await this.#more();
    }
    const [first = Buffer.alloc(0)] = this.#chunks;
    const part = first.subarray(0, most);
    if (part.length === first.length) this.#chunks.shift();
    else this.#chunks[0] = first.subarray(part.length);
    this.#held -= part.length;
    if (this.#held < HELD_BYTES) this.#socket.resume();
    return part;
  }

  /** Everything up to a mark, the mark included; undefined when it ends before. */
  async upTo(mark: string): Promise<string | undefined> {
    for (;;) {
      const [first = Buffer.alloc(0)] = this.#chunks;
      const held = this.#chunks.length > 1 ? Buffer.concat(this.#chunks) : first;
      const at = held.indexOf(mark);
      if (at >= 0) {
        const end = at + mark.length;
        this.#chunks.splice(0, this.#chunks.length, ...(end < held.length ? [held.subarray(end)] : []));
        this.#held = held.length - end;
        return held.toString('latin1', 0, end);
      }
      if (this.#ended || held.length > MAX_HEAD_BYTES) return undefined;
      this.#chunks.splice(0, this.#chunks.length, held);
      await this.#more();
    }
  }

  /** Resolves when the system has taken them. Rejects when the socket is gone. */
  write(bytes: Uint8Array | string): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = (error?: Error | null): void => (error ? reject(error) : resolve());
      if (typeof bytes === 'string') this.#socket.write(bytes, 'latin1', done);
      else this.#socket.write(bytes, done);
    });
  }

  /** Gives what comes to nobody any more, and waits until the other side has gone. */
  async hold(): Promise<void> {
    this.#ignore();
    await this.gone;
  }

  /** FIN. */
  end(): void {
    this.#ignore();
    this.#socket.end();
  }

  /** RST. */
  reset(): void {
    this.#raw.resetAndDestroy();
    this.#socket.destroy();
  }

  destroy(): void {
    this.#socket.destroy();
    this.#raw.destroy();
  }

  /** Only who reads learns that the other side has gone. */
  #ignore(): void {
    this.#ignores = true;
    this.#chunks.length = 0;
    this.#held = 0;
    this.#socket.resume();
  }

  readonly #take = (chunk: Buffer): void => {
    if (this.#ignores) return;
    this.#chunks.push(chunk);
    this.#held += chunk.length;
    if (this.#held >= HELD_BYTES) this.#socket.pause();
    this.#wake?.();
  };

  async #more(): Promise<void> {
    this.#socket.resume();
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#wake = undefined;
  }
}
