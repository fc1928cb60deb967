/** A socket as a connection needs it. */
import type { Step } from './route.ts';

export interface WireSocket {
  /** Writes text byte for byte, or bytes, which have to stay as they are until `done` is called. @returns whether it takes more at once */
  write(data: string | Uint8Array, done?: () => void): boolean;
  /** Was all that was written handed over to the system? */
  readonly isFlushed: boolean;
  /** Waits until it takes more, or never will, or nobody wants to write any more. */
  drained(stop: AbortSignal): Promise<void>;
  /** Goes on reading. */
  resume(): void;
  /** May the process end while it is open? */
  setIdle(isIdle: boolean): void;
  destroy(): void;
  readonly isDestroyed: boolean;
}

export interface SocketOptions {
  readonly onStep: (step: Step) => void;
  /** Where the next bytes are put. */
  readonly room: () => Uint8Array;
  /** So many came there. @returns whether to read on; otherwise it waits to be resumed */
  readonly onRead: (count: number, room: Uint8Array) => boolean;
  /** For sockets that lend what they have read. @returns undefined: nobody wants it so */
  readonly onLent: (bytes: Uint8Array) => Lent | undefined;
  /** Nothing more comes: the other side has ended it, or it is broken. It may be told more than once. */
  readonly onEnd: (error?: Error) => void;
  readonly sessions: Sessions;
}

/** How much was used, and whether to read on. */
export interface Lent {
  readonly used: number;
  readonly isMore: boolean;
}

/** What TLS goes on with in the next connection to the same place, by the key of the route. */
export type Sessions = Map<string, Buffer>;

/** What is told of a connection that is closed. */
export function closedEarly(): Error {
  return Object.assign(new Error('the connection was closed'), { code: 'ECONNRESET' });
}
