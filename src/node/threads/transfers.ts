/** Transfers as the rest of the program has them: what they lead to, and what can be put in. The bytes are never seen here. */
import { OciError } from '../../errors.ts';
import type { Transfer } from '../../bytes/transfer.ts';
import { type Digest, digestAlgorithm } from '../../model/digest.ts';
import type { Answer, Sink, WireRequest } from './protocol.ts';
import { openThreadCall, type ThreadCall, type ThreadFailure } from './threads.ts';

/** What is on its way. */
export interface Cargo {
  readonly digest: Digest;
  readonly size: number;
}

export interface ThreadTransfer extends Transfer {
  readonly call: ThreadCall;
  /** The file that it leads to, for errors. */
  readonly path: string;
  /** Is the connection there that it leads into? */
  readonly isConnected: boolean;
  readonly get: (request: WireRequest) => Promise<Answer | 'odd'>;
  /** Moves the body that waits. @returns the bytes that were moved by now, when it fails, too */
  readonly take: (skip: number) => Promise<void>;
  readonly drop: () => Promise<void>;
  readonly takeFile: (fd: number, end: number) => Promise<void>;
  /** The answer to the request that it leads into. */
  readonly answer: () => Promise<Answer>;
  /** Ends it; what it leads to is touched no more. */
  readonly close: () => Promise<void>;
}

/** Begins one; undefined: there are no threads here. */
export async function beginTransfer(sink: Sink, { digest, size }: Cargo): Promise<ThreadTransfer | undefined> {
  const call = openThreadCall();
  if (call === undefined) return undefined;
  let received = 0;
  let isConnected = false;
  call.listen((news) => {
    if ('received' in news) received = news.received;
    else isConnected ||= news.connected === 'sink';
  });
  try {
    await call.ask('open', sink, { algorithm: digestAlgorithm(digest), digest, size });
  } catch {
    await call.close();
    return undefined;
  }
  const transfer: ThreadTransfer = {
    call,
    path: sink.kind === 'file' ? sink.path : '',
    get isConnected() {
      return isConnected;
    },
    get received() {
      return received;
    },
    finish: async () => (await call.ask('finish')) as Digest,
    get: (request) => call.ask('get', request),
    take: (skip) => call.ask('take', skip),
    drop: () => call.ask('drop'),
    takeFile: (fd, end) => call.ask('takeFile', fd, end),
    answer: () => call.ask('answer'),
    close: () => call.close(),
  };
  ours.add(transfer);
  return transfer;
}

const ours = new WeakSet<Transfer>();

/** The whole of a transfer that was begun here. */
export function threadTransfer(transfer: Transfer): ThreadTransfer {
  if (ours.has(transfer)) return transfer as ThreadTransfer;
  throw new OciError('UNSUPPORTED', 'this transfer is not one of the threads of this process');
}

/** What failed in the thread, as the runtime would have told it here. */
export function causeOf({ failure, message }: ThreadFailure): Error {
  const { code } = failure;
  return Object.assign(new Error(message), code === undefined ? {} : { code });
}

/** What to throw where bytes come from, when nothing more can go where they go: that one tells why. */
export function sinkEnded(cause: ThreadFailure): OciError {
  return new OciError('ABORTED', 'the request that it went into has ended', { cause });
}
