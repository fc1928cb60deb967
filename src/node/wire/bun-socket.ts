/**
 * Sockets of Bun's own, for plain http to an address or to this machine: half of the time of a short command over `node:net` is that of
 * `node:net`. Names and TLS are for the latter, which tells when a name was found, and looks at the one in a certificate.
 */
import type { Route } from './route.ts';
import { closedEarly, type Lent, type SocketOptions, type WireSocket } from './socket.ts';

interface BunTcp {
  /** The system's number of it. */
  readonly fd?: number;
  /** @returns how many bytes it took; less than 0: it is closed */
  write(bytes: Uint8Array): number;
  terminate(): void;
  pause(): void;
  resume(): void;
  ref(): void;
  unref(): void;
  setNoDelay(on: boolean): void;
}

interface BunConnect {
  readonly hostname: string;
  readonly port: number;
  readonly socket: {
    open(tcp: BunTcp): void;
    data(tcp: BunTcp, bytes: Uint8Array): void;
    drain(tcp: BunTcp): void;
    end(tcp: BunTcp): void;
    close(tcp: BunTcp): void;
    error(tcp: BunTcp, error: Error): void;
    connectError(tcp: BunTcp, error: Error): void;
  };
}

/** Where so much has come at once, there is more. */
const FLOOD_BYTES = 64 * 1024;
/** So many bytes are read of one socket before others have their turn. */
const TURN_BYTES = 4 * 1024 * 1024;

const { Bun: bun } = globalThis as { Bun?: { connect(options: BunConnect): Promise<unknown> } };

export function bunOpens({ host, lookup, tls }: Route): boolean {
  const isNear = /^[\d.]+$/.test(host) || host.includes(':') || (host === 'localhost' && lookup === undefined);
  return bun !== undefined && tls === undefined && isNear;
}

export function openBunSocket({ host, port }: Route, options: SocketOptions): WireSocket {
  options.onStep('begun');
  options.onStep('found');
  return new BunSocket(host, port, options);
}

interface Waiting {
  readonly bytes: Uint8Array;
  readonly done: (() => void) | undefined;
}

class BunSocket implements WireSocket {
  isDestroyed = false;
  readonly #options: SocketOptions;
  #tcp: BunTcp | undefined;
  /** What the system has not taken yet. */
  #out: Waiting[] = [];
  #drained: (() => void)[] = [];
  /** What came and was not looked at. */
  #in: Uint8Array | undefined;
  #isPaused = false;
  #isFeeding = false;
  #isIdle = false;
  /** How it has ended, which is told after all that has come. */
  #end: { readonly error: Error | undefined } | undefined;

  constructor(hostname: string, port: number, options: SocketOptions) {
    this.#options = options;
    const socket: BunConnect['socket'] = {
      open: (tcp) => this.#open(tcp),
      data: (tcp, bytes) => {
        this.#take(bytes);
        if (bytes.length >= FLOOD_BYTES) this.#readOn(tcp.fd);
      },
      drain: () => this.#flush(),
      end: () => this.#over(undefined),
      close: () => this.#over(closedEarly()),
      error: (_, error) => this.#over(error),
      connectError: (_, error) => this.#over(error),
    };
    bun?.connect({ hostname, port, socket }).catch((error: Error) => this.#over(error));
  }

  get isFlushed(): boolean {
    return this.#out.length === 0;
  }

  write(data: string | Uint8Array, done?: () => void): boolean {
    this.#out.push({ bytes: typeof data === 'string' ? Buffer.from(data, 'latin1') : data, done });
    if (this.#out.length === 1) this.#flush();
    return this.isFlushed;
  }

  drained(stop: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        stop.removeEventListener('abort', done);
        resolve();
      };
      this.#drained.push(done);
      stop.addEventListener('abort', done, { once: true });
      if (this.isFlushed || this.isDestroyed) this.#tellDrained();
    });
  }

  resume(): void {
    this.#isPaused = false;
    this.#feed();
    if (!this.#isPaused) this.#tcp?.resume();
  }

  setIdle(isIdle: boolean): void {
    this.#isIdle = isIdle;
    if (isIdle) this.#tcp?.unref();
    else this.#tcp?.ref();
  }

  destroy(): void {
    if (this.isDestroyed) return;
    this.isDestroyed = true;
    this.#in = undefined;
    this.#tcp?.terminate();
    this.#tellDrained();
    queueMicrotask(() => this.#over(closedEarly()));
    for (const { done } of this.#out.splice(0)) done?.();
  }

  #open(tcp: BunTcp): void {
    this.#tcp = tcp;
    if (this.isDestroyed) return tcp.terminate();
    tcp.setNoDelay(true);
    if (this.#isIdle) tcp.unref();
    this.#options.onStep('connected');
    this.#flush();
  }

  #take(bytes: Uint8Array): void {
    // It lends them for the time of this call.
    this.#in = this.#in === undefined ? bytes : Buffer.concat([this.#in, bytes]);
    this.#feed();
    if (this.#in === bytes) this.#in = new Uint8Array(bytes);
    else if (this.#in !== undefined) this.#in = new Uint8Array(this.#in);
  }

  /** Hands over what came, as far as it is wanted. */
  #feed(): void {
    if (this.#isFeeding) return;
    this.#isFeeding = true;
    for (let bytes = this.#in; bytes !== undefined && !this.#isPaused && !this.isDestroyed; bytes = this.#in) {
      const { used, isMore } = this.#lend(bytes) ?? this.#read(bytes);
      // Whoever looked at them may have ended it all.
      this.#in = used === bytes.length || this.isDestroyed ? undefined : bytes.subarray(used);
      this.#goOn(isMore);
    }
    this.#isFeeding = false;
    if (this.#end !== undefined && this.#in === undefined) this.#options.onEnd(this.#end.error);
  }

  /** What Bun hands over it has copied; what is read here goes straight into the room. An end Bun tells as ever, but what broke it only who reads first. */
  #readOn(fd: number | undefined): void {
    if (fd === undefined || process.platform === 'win32') return;
    for (let read = 0; read < TURN_BYTES && this.#isWaiting; ) {
      const room = this.#options.room();
      const count = readNow(fd, room);
      if (typeof count !== 'number') return this.#over(count);
      read += count;
      if (count > 0) this.#goOn(this.#options.onRead(count, room));
      if (count < room.length) return;
    }
  }

  /** Is nothing there, and more wanted? */
  get #isWaiting(): boolean {
    return this.#in === undefined && !this.#isPaused && !this.isDestroyed;
  }

  /** What is of no use without what follows has to stay. */
  #lend(bytes: Uint8Array): Lent | undefined {
    const lent = this.#options.onLent(bytes);
    return lent?.used === 0 && lent.isMore ? undefined : lent;
  }

  #read(bytes: Uint8Array): Lent {
    const room = this.#options.room();
    const used = Math.min(room.length, bytes.length);
    room.set(bytes.subarray(0, used));
    return { used, isMore: this.#options.onRead(used, room) };
  }

  #goOn(isMore: boolean): void {
    if (isMore) return;
    this.#isPaused = true;
    this.#tcp?.pause();
  }

  #flush(): void {
    for (let [first] = this.#out; first !== undefined && this.#tcp !== undefined; [first] = this.#out) {
      const taken = this.#tcp.write(first.bytes);
      if (taken < first.bytes.length) {
        this.#out[0] = { ...first, bytes: first.bytes.subarray(Math.max(0, taken)) };
        return;
      }
      this.#out.shift();
      first.done?.();
    }
    if (this.isFlushed) this.#tellDrained();
  }

  #tellDrained(): void {
    for (const resolve of this.#drained.splice(0)) resolve();
  }

  #over(error: Error | undefined): void {
    this.#end ??= { error };
    this.#tellDrained();
    this.#feed();
  }
}

/** @returns how many bytes were there, or what has broken the connection */
function readNow(fd: number, room: Uint8Array): number | Error {
  try {
    return process.getBuiltinModule('node:fs').readSync(fd, room);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    return ['EAGAIN', 'EWOULDBLOCK', 'EINTR'].includes(code) ? 0 : (error as Error);
  }
}
