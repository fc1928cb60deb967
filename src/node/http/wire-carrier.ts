/** Requests over connections of our own. */
import type { AnswerHead } from '../wire/answer-head.ts';
import type { Pool } from '../wire/pool.ts';
import type { Route } from '../wire/route.ts';
import { type Put, WireExchange } from '../wire/wire-exchange.ts';
import type { Incoming, Outgoing } from './carrier.ts';

/** The answer can only be read by somebody who does more: `node:http`. */
export class OddAnswer extends Error {
  readonly code = 'HPE_INVALID';
}

export interface WireMessage {
  readonly route: Route;
  /** The request line and all headers, with the empty line that ends them. */
  readonly head: string;
  readonly isHead: boolean;
  /** May its connection be used again? */
  readonly isKept: boolean;
}

export function wireOutgoing(pool: Pool, { route, head, isHead, isKept }: WireMessage): Outgoing {
  let exchange: WireExchange | undefined;
  let isSent = false;
  let isDestroyed = false;
  const destroy = (): void => {
    isDestroyed = true;
    exchange?.destroy();
  };
  return {
    begin({ onStep, onAnswer, onError }) {
      const begun = new WireExchange(pool, route, { onStep, isHead, isSent: () => isSent && isKept });
      exchange = begun;
      begun.connection.socket.write(head);
      begun.answer.then(
        (answer) =>
          answer === 'odd'
            ? onError(new OddAnswer('an answer that cannot be read'))
            : onAnswer(incoming(begun, answer)),
        onError,
      );
    },
    get isDestroyed() {
      return isDestroyed || exchange?.connection.socket.isDestroyed === true;
    },
    write: (chunk) => exchange?.connection.socket.write(chunk) ?? false,
    drained: async (stop) => exchange?.connection.socket.drained(stop),
    end() {
      isSent = true;
    },
    destroy,
    isStale: () => exchange?.isStale() === true,
  };
}

function incoming(exchange: WireExchange, { status, headers, setCookie }: AnswerHead): Incoming {
  let isComplete = exchange.isOver;
  let isPaused = false;
  let isMoving = false;
  let take: (chunk: Uint8Array) => void = () => undefined;
  let over: (error: unknown) => void = () => undefined;
  let goOn: (() => void) | undefined;
  const put: Put = (bytes, done) => {
    take(new Uint8Array(bytes)); // the reader keeps it
    if (!isPaused) return 'now';
    goOn = done;
    return 'wait';
  };
  const move = (): void => {
    if (isMoving) return;
    isMoving = true;
    exchange.moveBody(put, { isAtOnce: true }).then(() => {
      isComplete = true;
      over(undefined);
    }, over);
  };
  if (isComplete) move();
  return {
    status,
    headers,
    setCookie,
    get isComplete() {
      return isComplete;
    },
    get isPaused() {
      return isPaused;
    },
    onData(listener) {
      take = listener;
      move();
    },
    onOver(listener) {
      over = listener;
    },
    pause() {
      isPaused = true;
    },
    resume() {
      isPaused = false;
      const waiting = goOn;
      goOn = undefined;
      waiting?.(); // it may have to wait again at once
      move();
    },
    destroy() {
      take = () => undefined;
      exchange.destroy();
      move(); // tells that it is over
    },
  };
}
