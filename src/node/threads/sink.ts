/** Where the bytes of a transfer go in its thread: behind each other into a file, or into a request. */
import { writeSync } from 'node:fs';
import type { Answer, Sink, WireRequest } from './protocol.ts';
import { beginExchange, type Take } from './wire-exchange.ts';

export interface OpenSink {
  readonly write: Take;
  /** The answer to the request; never, for a file. */
  readonly answer: Promise<Answer | 'odd'>;
  /** Why it takes no more. */
  failed(onFailure: (error: unknown) => void): void;
  /** What is written next is the end. */
  end(): void;
  /** Nobody waits for it any more. */
  close(): void;
}

export function openSink(sink: Sink, onConnect: () => void): OpenSink {
  return sink.kind === 'file' ? fileSink(sink.fd) : requestSink(sink.request, onConnect);
}

/** A thread of its own may wait for the disk: no other way to write costs as little. */
function fileSink(fd: number): OpenSink {
  let position = 0;
  return {
    write(bytes) {
      for (let at = 0; at < bytes.length; ) {
        at += writeSync(fd, bytes, at, bytes.length - at, position + at);
      }
      position += bytes.length;
      return true;
    },
    answer: new Promise(() => undefined),
    failed: () => undefined,
    end: () => undefined,
    close: () => undefined,
  };
}

function requestSink(request: WireRequest, onConnect: () => void): OpenSink {
  let [isBegun, isWhole] = [false, false];
  const { connection, answer } = beginExchange(request, { onConnect, isSent: () => isWhole });
  const { socket } = connection;
  return {
    answer,
    write(bytes, done) {
      if (!isBegun) socket.write(request.head, 'latin1');
      isBegun = true;
      let isFree = false;
      socket.write(bytes, () => isFree || done());
      isFree = socket.writableLength === 0;
      return isFree;
    },
    failed: (onFailure) => void answer.catch(onFailure),
    end() {
      isWhole = true;
    },
    close() {
      if (!isWhole) socket.destroy();
    },
  };
}
