/** Where the bytes of a transfer go in its thread: behind each other into a file, or into a request. */
import { writeSync } from 'node:fs';
import { createPromise } from '../wire/promise.ts';
import type { Step } from '../wire/route.ts';
import { type Put, WireExchange } from '../wire/wire-exchange.ts';
import type { Answer, Sink, WireRequest } from './protocol.ts';
import { routeTo } from './routes.ts';
import { readShort } from './short-body.ts';

export interface OpenSink {
  readonly put: Put;
  /** Is each piece done with when it was put? */
  readonly isAtOnce: boolean;
  /** The answer to the request; never, for a file. */
  readonly answer: Promise<Answer | 'odd'>;
  /** What is put next is the end. */
  end(): void;
  /** Nobody waits for it any more. */
  close(): void;
}

export interface SinkOptions {
  readonly onStep: (step: Step) => void;
  /** It takes no more. `stale`: it was a kept connection that had ended. */
  readonly onFailure: (error: unknown, stale: boolean) => void;
}

export function openSink(sink: Sink, options: SinkOptions): OpenSink {
  return sink.kind === 'file' ? fileSink(sink.fd) : requestSink(sink.request, options);
}

/** A thread of its own may wait for the disk: no other way to write costs as little. */
function fileSink(fd: number): OpenSink {
  let position = 0;
  return {
    isAtOnce: true,
    put(bytes) {
      for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, bytes.length - at, position + at);
      position += bytes.length;
      return 'now';
    },
    answer: new Promise(() => undefined),
    end: () => undefined,
    close: () => undefined,
  };
}

/** It is sent with the first of its bytes: before that it may turn out that there is none to send. */
function requestSink(request: WireRequest, { onStep, onFailure }: SinkOptions): OpenSink {
  const answering = createPromise<Answer | 'odd'>();
  let exchange: WireExchange | undefined;
  let isWhole = false;
  const begin = (): WireExchange => {
    const { pool, route } = routeTo(request.way);
    const begun = new WireExchange(pool, route, { onStep, isSent: () => isWhole });
    answerOf(begun).then(
      (answer) => answering.resolve(answer),
      (error: unknown) => {
        answering.reject(error);
        onFailure(error, begun.isStale());
      },
    );
    begun.connection.socket.write(request.head);
    return begun;
  };
  return {
    isAtOnce: false,
    answer: answering.promise,
    put(bytes, done) {
      exchange ??= begin();
      const { socket } = exchange.connection;
      let waits = false;
      socket.write(bytes, () => waits && done());
      waits = !socket.isFlushed;
      return waits ? 'hold' : 'now';
    },
    end() {
      isWhole = true;
    },
    close() {
      if (!answering.isSettled()) exchange?.destroy();
      isWhole &&= answering.isSettled();
    },
  };
}

async function answerOf(exchange: WireExchange): Promise<Answer | 'odd'> {
  const head = await exchange.answer;
  if (head === 'odd') return head;
  const { status, headers, setCookie } = head;
  return { status, headers, setCookie, body: await readShort(exchange) };
}
