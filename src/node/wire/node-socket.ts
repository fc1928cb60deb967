/** Sockets of `node:net` and `node:tls`, that read into memory of ours. */
import type { OnReadOpts, Socket } from 'node:net';
import { drained } from '../http/drained.ts';
import type { Route } from './route.ts';
import { closedEarly, type SocketOptions, type WireSocket } from './socket.ts';

export function openNodeSocket(route: Route, options: SocketOptions): WireSocket {
  const { onStep, room, onRead, onEnd, sessions } = options;
  onStep('begun');
  const socket = connect(route, { buffer: room, callback: onRead }, sessions.get(route.key)).setNoDelay(true);
  socket.once('lookup', () => onStep('found'));
  socket.once('connect', () => onStep(route.tls === undefined ? 'connected' : 'found'));
  socket.once('secureConnect', () => onStep('connected'));
  socket.on('session', (session: Buffer) => sessions.set(route.key, session));
  socket.on('error', (error) => {
    sessions.delete(route.key); // it may be the session that was at fault
    onEnd(error);
  });
  socket.once('end', () => onEnd()).once('close', () => onEnd(closedEarly()));
  return {
    write: (data, done) => (typeof data === 'string' ? socket.write(data, 'latin1', done) : socket.write(data, done)),
    get isFlushed() {
      return socket.writableLength === 0;
    },
    drained: (stop) => drained(socket, stop),
    resume: () => void socket.resume(),
    setIdle: (isIdle) => void (isIdle ? socket.unref() : socket.ref()),
    destroy: () => void socket.destroy(),
    get isDestroyed() {
      return socket.destroyed;
    },
  };
}

function connect({ host, port, lookup, tls }: Route, onread: OnReadOpts, session: Buffer | undefined): Socket {
  const options = { host, port, onread, ...(lookup === undefined ? {} : { lookup }) };
  if (tls === undefined) return process.getBuiltinModule('node:net').connect(options);
  const { context, insecure, servername } = tls;
  return process.getBuiltinModule('node:tls').connect({
    ...options,
    ALPNProtocols: ['http/1.1'],
    ...(session === undefined ? {} : { session }),
    ...(context === undefined ? {} : { secureContext: context }),
    ...(insecure ? { rejectUnauthorized: false } : {}),
    ...(servername === undefined ? {} : { servername }),
  });
}
