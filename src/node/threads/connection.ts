/**
 * A connection of a thread: a bare socket that reads into one block of memory, over and over. Who reads it sees the bytes where they
 * stand, and may keep them no longer than it says; connections that are done with are kept for the next request to the same place.
 */
import { connect as connectPlain, type LookupFunction, type OnReadOpts, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { secureContext } from '../http/tls.ts';
import type { Way } from './protocol.ts';

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
  /** It has ended; these bytes were not used. It is told again when somebody resumes it. */
  end(error: Error | undefined, bytes: Uint8Array): void;
}

/** How many bytes were used, and when to read on: at once, or when told; `hold` keeps the bytes where they stand until then. */
export interface Read {
  readonly used: number;
  readonly next: 'now' | 'wait' | 'hold';
}

export interface Connection {
  readonly socket: Socket;
  /** Was it used before? */
  reused: boolean;
  /** How much of the block the next bytes may fill: little, for a head, or all of it. */
  expect(what: 'head' | 'body'): void;
  reader: Reader | undefined;
  /** Has the reader look again at what is there, and goes on reading. */
  resume(): void;
  /** Done with: it is kept for the next one, but not for long. */
  release(): void;
  /** It is the next one's now. */
  take(): void;
  destroy(): void;
}

const kept = new Map<string, Connection[]>();

/** Opens a connection, or takes one that was kept. `onConnect` is told when it stands, at once or later. */
export function connectTo(way: Way, onConnect: () => void): Connection {
  const there = kept.get(way.key)?.pop();
  if (there === undefined) return open(way, onConnect);
  there.take();
  onConnect();
  return there;
}

/** Ends the kept connections whose keys begin so. */
export function forgetConnections(prefix: string): void {
  for (const [key, connections] of kept) {
    if (!key.startsWith(prefix)) continue;
    kept.delete(key);
    for (const connection of connections) connection.destroy();
  }
}

function open(way: Way, onConnect: () => void): Connection {
  let block: Buffer = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  let spare: Buffer | undefined;
  let [begin, fill] = [0, 0];
  let limit = HEAD_BYTES;
  let isOver = false;
  let failure: Error | undefined;
  let idle: NodeJS.Timeout | undefined;

  /** Where the next bytes are put. What is held stays where it is, and they go into another block. */
  const room = (): Uint8Array => {
    if (begin === fill) begin = fill = 0;
    // Nobody has used what there is, and a read into no room at all is an error: this is rare.
    if (fill === block.length) block = Buffer.concat([block, Buffer.allocUnsafeSlow(HEAD_BYTES)]);
    return block.subarray(fill, Math.max(limit, fill + 1));
  };
  const look = (): boolean => {
    const { reader } = connection;
    if (reader === undefined) {
      socket.destroy(); // nothing was asked for
      return false;
    }
    const { used, next } = reader.read(block.subarray(begin, fill), fill === block.length);
    begin += used;
    if (next !== 'hold') return next === 'now';
    [block, spare] = [spare ?? Buffer.allocUnsafeSlow(BLOCK_BYTES), block];
    begin = fill = 0;
    return false;
  };
  const onread = {
    buffer: room,
    callback(count: number): boolean {
      fill += count;
      return look();
    },
  };
  const over = (error?: Error): void => {
    if (isOver) return;
    isOver = true;
    failure = error;
    clearTimeout(idle);
    remove(way.key, connection);
    connection.reader?.end(failure, block.subarray(begin, fill));
  };
  const socket = opened(way, onread);
  const connection: Connection = {
    socket,
    reused: false,
    reader: undefined,
    expect(what) {
      limit = what === 'head' ? HEAD_BYTES : BLOCK_BYTES;
    },
    resume() {
      if (begin !== fill && !look()) return;
      if (isOver) connection.reader?.end(failure, block.subarray(begin, fill));
      else socket.resume();
    },
    release() {
      if (isOver || begin !== fill) return connection.destroy();
      connection.reader = undefined;
      connection.reused = true;
      socket.resume();
      keep(way.key, connection);
      idle = setTimeout(() => socket.destroy(), KEPT_MS).unref();
    },
    take: () => clearTimeout(idle),
    destroy: () => void socket.destroy(),
  };
  socket.setNoDelay(true);
  socket.once(way.tls === undefined ? 'connect' : 'secureConnect', onConnect);
  socket
    .on('error', over)
    .once('end', () => over())
    .once('close', () => over());
  return connection;
}

function keep(key: string, connection: Connection): void {
  const connections = kept.get(key) ?? [];
  kept.set(key, connections);
  if (connections.push(connection) > MAX_KEPT) connections.shift()?.destroy();
}

function remove(key: string, connection: Connection): void {
  const connections = kept.get(key)?.filter((one) => one !== connection) ?? [];
  if (connections.length === 0) kept.delete(key);
  else kept.set(key, connections);
}

function opened({ host, port, addresses, tls }: Way, onread: OnReadOpts): Socket {
  const lookup: LookupFunction = (_, { all }, callback) => {
    const [first] = addresses ?? [];
    if (all === true) callback(null, [...(addresses ?? [])]);
    else callback(null, first?.address ?? '', first?.family);
  };
  const options = { host, port, onread, ...(addresses === undefined ? {} : { lookup }) };
  if (tls === undefined) return connectPlain(options);
  const { servername, insecure, ...trust } = tls;
  const isPlain = trust.ca.length === 0 && trust.cert === undefined;
  return connectTls({
    ...options,
    ...(isPlain ? {} : { secureContext: secureContext(trust) }),
    rejectUnauthorized: !insecure,
    ...(servername === undefined ? {} : { servername }),
  });
}
