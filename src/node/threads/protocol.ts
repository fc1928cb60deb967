/**
 * What the program and its transfer threads say to each other. A thread is asked, by number, and answers; what it tells in between
 * is how far a transfer is. Everything here can be cloned; files go over as their numbers, which all threads of a process share.
 */
import type { WireHeaders } from '../../model/call.ts';
import type { Digest } from '../../model/digest.ts';
import type { Step } from '../wire/route.ts';

/** How a server is reached. */
export interface Way {
  /** Who asks: its connections are its own. */
  readonly transport: string;
  /** Its connections of equal keys may be used again for each other: it tells the origin and its addresses. */
  readonly key: string;
  readonly host: string;
  readonly port: number;
  /** Addresses to connect to in place of what the name service says. */
  readonly addresses?: readonly { readonly address: string; readonly family: number }[] | undefined;
  readonly tls?:
    | {
        readonly servername: string | undefined;
        /** PEM, beside what the runtime trusts. */
        readonly ca: readonly string[];
        readonly cert: string | undefined;
        readonly key: string | undefined;
        readonly insecure: boolean;
      }
    | undefined;
}

/** A request without its body. */
export interface WireRequest {
  readonly way: Way;
  /** The request line and all headers, with the empty line that ends them. */
  readonly head: string;
}

/** Where the bytes of a transfer go. */
export type Sink =
  /** An empty file. */
  | { readonly kind: 'file'; readonly fd: number /** For errors. */; readonly path: string }
  /** The body of a request, which is sent with the first byte of it. */
  | { readonly kind: 'request'; readonly request: WireRequest };

/** The head of an answer, and its body where that is short. */
export interface Answer {
  readonly status: number;
  readonly headers: WireHeaders;
  readonly setCookie: readonly string[];
  /** Undefined: it is long, and waits to be taken. */
  readonly body?: Uint8Array | undefined;
}

/** What a thread can be asked. Every question is about one transfer. */
export interface Questions {
  /** Begins a transfer. */
  open(sink: Sink, expected: Expected): void;
  /** Sends a GET. `odd`: the answer is of a kind that is left to the main thread; nothing of it was read. */
  get(request: WireRequest): Answer | 'odd';
  /** Moves the body that waits; its first `skip` bytes are dropped. */
  move(skip: number): void;
  /** Drops the body that waits, with its connection. */
  drop(): void;
  /** Moves bytes of a file, up to `end` or the file's own. */
  moveFile(fd: number, end: number): void;
  /** @returns the digest of all that was moved */
  finish(): string;
  /** The answer to the request that it went into, which may come before its end. */
  answer(): Answer;
  /** Ends it, done or not. */
  close(): void;
}

export type Question = keyof Questions;

/** What is on its way. */
export interface Expected {
  readonly digest: Digest;
  readonly size: number;
}

/** From the program. */
export type Asked =
  | {
      readonly number: number;
      readonly transfer: number;
      readonly question: Question;
      readonly args: readonly unknown[];
    }
  /** Close the kept connections of a transport. */
  | { readonly forget: string };

/** What a thread says first: another program in its place does not. */
export const HELLO = 'lading: transfers';

/** From a thread. */
export type Told =
  | { readonly hello: typeof HELLO }
  | { readonly number: number; readonly result: unknown }
  | { readonly number: number; readonly failure: Failure }
  | { readonly transfer: number; readonly news: News };

export type News =
  /** How far a connection is. */
  | { readonly step: Step; readonly of: 'source' | 'sink' }
  /**
   * How many bytes were put in, and how many have arrived to be put in: told while they come, and at the end of every move.
   * `blocked`: nobody takes what there is, for a while now.
   */
  | { readonly received: number; readonly arrived: number; readonly blocked: boolean };

/** An error as far as it can be cloned. */
export interface Failure {
  readonly message: string;
  /** The system's code. */
  readonly code?: string | undefined;
  /** What failed: where bytes come from, where they go by a connection, the file that they go into, or the thread itself. */
  readonly where: 'source' | 'sink' | 'file' | 'thread';
  /** A kept connection had ended meanwhile. */
  readonly stale?: boolean | undefined;
}
