/**
 * A connection of a thread: a bare socket that reads into one block of memory, over and over. Who reads it sees the bytes where they
 * stand, and may keep them no longer than it says; connections that are done with are kept for the next request to the same place.
 */
import { connect as connectPlain, type LookupFunction, type OnReadOpts, type Socket } from 'node:net';
import { connect as connectTls, type SecureContext } from 'node:tls';
import { secureContext } from '../http/tls.ts';
import type { News, Way } from './protocol.ts';

/** Large enough that a read, a hash and a write cost little beside their bytes. */
export const BLOCK_BYTES: number = 256 * 1024;
/** A head has to stand in so much; the rest of the block is for the body behind it. */
export const HEAD_BYTES: number = 64 * 1024;
const KEPT_MS = 4000;
const MAX_KEPT = 8;

/** Looks at the bytes that have come and were not used. It is called again when there are more. */
export interface Reader {
  /** @param isFull there is no room for more behind them @returns what it did with them */
  read(bytes: Uint8Array, isFull: boolean): Read;
  /** It has ended, and these bytes were not used. */
  end(error: Error | undefined, bytes: Uint8Array): void;
}

/** How many bytes were used, and when to read on: at once, or when told; `hold` keeps the bytes where they stand until then. */
export interface Read {
  readonly used: number;
  readonly next: 'now' | 'wait' | 'hold';
}

export type Step = Extract<News, { readonly step: string }>['step'];

const kept = new Map<string, Connection[]>();
const contexts = new Map<string, SecureContext>();
/** Transports that are closed. */
const forgotten = new Set<string>();

/** Opens a connection, or takes one that was kept. `onStep` is told how far it is, at once or later. */
export function connectTo(way: Way, onStep: (step: Step) => void): Connection {
  const there = kept.get(way.key)?.at(-1);
  if (there === undefined) return new Connection(way, onStep);
  there.claim();
  onStep('connected');
  return there;
}

/** Ends the connections of a transport that are kept, and keeps no more of them. */
export function forgetConnections(transport: string): void {
  forgotten.add(transport);
  for (const [key, connections] of kept) {
    if (transportOf(key) === transport) for (const connection of connections) connection.destroy();
  }
  for (const key of contexts.keys()) if (transportOf(key) === transport) contexts.delete(key);
}

const transportOf = (key: string): string => key.slice(0, key.indexOf(' '));

export class Connection {
  readonly socket: Socket;
  reader: Reader | undefined;
  /** Was it used before? */
  reused = false;
  readonly #key: string;
  #block: Buffer = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  #spare: Buffer | undefined;
  /** What has come and was not used. */
  #begin = 0;
  #fill = 0;
  #limit: number = HEAD_BYTES;
  #isOver = false;
  #idle: NodeJS.Timeout | undefined;

  constructor(way: Way, onStep: (step: Step) => void) {
    this.#key = way.key;
    onStep('begun');
    this.socket = open(way, { buffer: this.#room, callback: this.#fillUp });
    this.socket.setNoDelay(true).once('lookup', () => onStep('found'));
    this.socket.once('connect', () => onStep(way.tls === undefined ? 'connected' : 'found'));
    this.socket.once('secureConnect', () => onStep('connected'));
    this.socket
      .on('error', this.#end)
      .once('end', this.#end)
      .once('close', () => this.#end());
  }

  /** How much of the block the next bytes may fill: little, for a head, or all of it. */
  expect(what: 'head' | 'body'): void {
    this.#limit = what === 'head' ? HEAD_BYTES : BLOCK_BYTES;
  }

  /** Has the reader look again at what is there, and goes on reading. */
  resume(): void {
    if (this.#isOver || (this.#begin !== this.#fill && !this.#look())) return;
    this.socket.resume();
  }

  /** Done with: it is kept for the next one, but not for long. */
  release(): void {
    if (this.#isOver || this.#begin !== this.#fill || forgotten.has(transportOf(this.#key))) return this.destroy();
    this.reader = undefined;
    this.reused = true;
    this.socket.resume(); // so that its end is noticed
    const connections = kept.get(this.#key) ?? [];
    kept.set(this.#key, connections);
    if (connections.push(this) > MAX_KEPT) connections[0]?.destroy();
    this.#idle = setTimeout(() => this.destroy(), KEPT_MS).unref();
  }

  /** It is kept no longer. */
  claim(): void {
    clearTimeout(this.#idle);
    const others = kept.get(this.#key)?.filter((one) => one !== this) ?? [];
    if (others.length === 0) kept.delete(this.#key);
    else kept.set(this.#key, others);
  }

  destroy(): void {
    this.claim();
    this.socket.destroy();
  }

  /** Where the next bytes are put. */
  readonly #room = (): Uint8Array => {
    if (this.#begin === this.#fill) this.#begin = this.#fill = 0;
    // Nobody has used what there is, and a read into no room at all is an error: this is rare.
    if (this.#fill === this.#block.length) this.#grow(HEAD_BYTES);
    return this.#block.subarray(this.#fill, Math.max(this.#limit, this.#fill + 1));
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

  #grow(more: number): void {
    this.#block = Buffer.concat([this.#block, Buffer.allocUnsafeSlow(more)]);
  }

  /** @returns whether to read on */
  #look(): boolean {
    if (this.reader === undefined) {
      this.destroy(); // nothing was asked for
      return false;
    }
    const { used, next } = this.reader.read(this.#unused(), this.#fill === this.#block.length);
    this.#begin += used;
    if (next === 'hold') {
      // What is held stays where it is; what comes next goes into another block.
      [this.#block, this.#spare] = [this.#spare ?? Buffer.allocUnsafeSlow(BLOCK_BYTES), this.#block];
      this.#begin = this.#fill = 0;
    }
    return next === 'now';
  }

  #unused(): Uint8Array {
    return this.#block.subarray(this.#begin, this.#fill);
  }

  readonly #end = (error?: Error): void => {
    if (this.#isOver) return;
    this.#isOver = true;
    const rest = this.#unused();
    this.#begin = this.#fill;
    this.reader?.end(error, rest);
    this.destroy();
  };
}

function open(way: Way, onread: OnReadOpts): Socket {
  const { host, port, addresses, tls } = way;
  const lookup: LookupFunction = (_, { all }, callback) => {
    const [first] = addresses ?? [];
    if (all === true) callback(null, [...(addresses ?? [])]);
    else callback(null, first?.address ?? '', first?.family);
  };
  const options = { host, port, onread, ...(addresses === undefined ? {} : { lookup }) };
  if (tls === undefined) return connectPlain(options);
  const context = contextOf(way);
  return connectTls({
    ...options,
    ...(context === undefined ? {} : { secureContext: context }),
    ...(tls.insecure ? { rejectUnauthorized: false } : {}),
    ...(tls.servername === undefined ? {} : { servername: tls.servername }),
  });
}

/** One for equal settings: it takes tens of milliseconds, and the thread does nothing else meanwhile. */
function contextOf({ key, tls }: Way): SecureContext | undefined {
  if (tls === undefined || (tls.ca.length === 0 && tls.cert === undefined)) return undefined;
  const { ca, cert } = tls;
  const context = contexts.get(key) ?? secureContext({ ca, cert, key: tls.key });
  contexts.set(key, context);
  return context;
}
