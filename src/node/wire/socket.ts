/** Opens a socket that reads into memory of ours. TLS goes on with the session that the last one to the same place had. */
import type { OnReadOpts, Socket } from 'node:net';
import type { Route, Step } from './route.ts';

/** By the key of the route. */
export type Sessions = Map<string, Buffer>;

export interface SocketOptions {
  readonly onread: OnReadOpts;
  readonly onStep: (step: Step) => void;
  readonly sessions: Sessions;
}

export function openSocket(route: Route, { onread, onStep, sessions }: SocketOptions): Socket {
  onStep('begun');
  const socket = connect(route, onread, sessions.get(route.key)).setNoDelay(true);
  socket.on('session', (session: Buffer) => sessions.set(route.key, session));
  socket.once('error', () => sessions.delete(route.key)); // it may be the session that was at fault
  socket.once('lookup', () => onStep('found'));
  socket.once('connect', () => onStep(route.tls === undefined ? 'connected' : 'found'));
  return socket.once('secureConnect', () => onStep('connected'));
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
