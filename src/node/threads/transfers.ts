/** Transfers as the rest of the program has them: what they lead to, and what can be put in. The bytes are never seen here. */
import { OciError } from '../../errors.ts';
import type { Transfer } from '../../bytes/transfer.ts';
import type { Digest } from '../../model/digest.ts';
import type { Answer, Expected, Sink, WireRequest } from './protocol.ts';
import { openThreadCall, type ThreadCall, ThreadFailure } from './threads.ts';

export interface ThreadTransfer extends Transfer {
  readonly call: ThreadCall;
  /** The file that it leads to, for errors. */
  readonly path: string;
  readonly get: (request: WireRequest) => Promise<Answer | 'odd'>;
  /** Moves the body that waits. */
  readonly move: (skip: number) => Promise<void>;
  readonly drop: () => Promise<void>;
  readonly moveFile: (fd: number, end: number) => Promise<void>;
  /** The answer to the request that it leads into. */
  readonly answer: () => Promise<Answer>;
  /** Ends it; what it leads to is touched no more. */
  readonly close: () => Promise<void>;
}

/** Begins one; undefined: there are no threads here. */
export async function beginTransfer(sink: Sink, { digest, size }: Expected): Promise<ThreadTransfer | undefined> {
  const call = openThreadCall();
  if (call === undefined) return undefined;
  let received = 0;
  call.listen((news) => {
    if ('received' in news) received = news.received;
  });
  try {
    await call.ask('open', sink, { digest, size });
  } catch {
    await call.close();
    return undefined;
  }
  const transfer: ThreadTransfer = {
    call,
    path: sink.kind === 'file' ? sink.path : '',
    get received() {
      return received;
    },
    finish: () =>
      call.ask('finish').then(
        (digest) => digest as Digest,
        (cause: unknown) => {
          if (cause instanceof ThreadFailure && cause.failure.where === 'sink') throw sinkEnded(cause);
          throw new OciError('IO', 'a transfer thread has ended before its time', { cause });
        },
      ),
    get: (request) => call.ask('get', request),
    move: (skip) => call.ask('move', skip),
    drop: () => call.ask('drop').catch(() => undefined), // with its thread, everything is dropped
    moveFile: (fd, end) => call.ask('moveFile', fd, end),
    answer: () => call.ask('answer'),
    close: () => call.close(),
  };
  ours.add(transfer);
  return transfer;
}

const ours = new WeakSet<Transfer>();

/** The whole of a transfer that was begun here; undefined: another copy of this package has begun it. */
export function threadTransfer(transfer: Transfer | undefined): ThreadTransfer | undefined {
  return transfer !== undefined && ours.has(transfer) ? (transfer as ThreadTransfer) : undefined;
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
