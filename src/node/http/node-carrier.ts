/** Requests over `node:http`. */
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { WireHeaders } from '../../model/call.ts';
import type { Incoming, Outgoing, OutgoingEvents } from './carrier.ts';
import { drained } from './drained.ts';

/** @param connecting ends the way to a proxy, where node has no socket yet to close */
export function nodeOutgoing(req: ClientRequest, isTls: boolean, connecting?: AbortController): Outgoing {
  const isStale = staleness(req);
  return {
    begin({ onStep, onAnswer, onError }) {
      req.once('response', (message) => onAnswer(incoming(message)));
      req.on('error', onError);
      // A server that closes without a word, where node tells of no error.
      req.once('close', () => onError({ code: 'ECONNRESET' }));
      onStep('begun');
      watchSteps(req, isTls, onStep);
    },
    get isDestroyed() {
      return req.destroyed;
    },
    write: (chunk) => req.write(chunk),
    drained: (stop) => drained(req, stop),
    end: () => void req.end(),
    destroy() {
      req.destroy();
      if (req.socket === null) connecting?.abort();
    },
    isStale,
  };
}

/** Tells whether a request went out on a kept connection on which nothing has come back. */
function staleness(req: ClientRequest): () => boolean {
  let before = 0;
  req.once('socket', ({ bytesRead }: Socket) => {
    before = bytesRead;
  });
  return () => req.reusedSocket && req.socket?.bytesRead === before;
}

function watchSteps(req: ClientRequest, isTls: boolean, onStep: OutgoingEvents['onStep']): void {
  req.once('socket', (socket) => {
    if (req.reusedSocket || (!isTls && !socket.connecting)) return onStep('connected');
    socket.once('lookup', () => onStep('found'));
    socket.once('connect', () => onStep(isTls ? 'found' : 'connected'));
    if (isTls) socket.once('secureConnect', () => onStep('connected'));
  });
}

function incoming(message: IncomingMessage): Incoming {
  let take: ((chunk: Uint8Array) => void) | undefined;
  return {
    status: message.statusCode ?? 0,
    headers: headersOf(message),
    setCookie: message.headers['set-cookie'] ?? [],
    get isComplete() {
      return message.complete;
    },
    get isPaused() {
      return message.isPaused();
    },
    onData(listener) {
      if (take === undefined) message.on('data', (chunk: Uint8Array) => take?.(chunk));
      take = listener;
    },
    onOver(listener) {
      let failure: unknown;
      let isOver = false;
      const over = (): void => {
        if (isOver) return;
        isOver = true;
        listener(failure);
      };
      message.on('error', (error) => {
        failure ??= error;
      });
      message.once('end', over).once('close', over);
    },
    pause: () => void message.pause(),
    resume: () => void message.resume(),
    destroy: () => void message.destroy(),
  };
}

function headersOf({ headers }: IncomingMessage): WireHeaders {
  const plain: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [name, value] of Object.entries(headers)) if (typeof value === 'string') plain[name] = value;
  return plain;
}
