/** Opens a socket that reads into memory of ours. */
import type { OnReadOpts, Socket } from 'node:net';
import type { Route, Step } from './route.ts';

export function openSocket(route: Route, onread: OnReadOpts, onStep: (step: Step) => void): Socket {
  onStep('begun');
  const socket = connect(route, onread).setNoDelay(true);
  socket.once('lookup', () => onStep('found'));
  socket.once('connect', () => onStep(route.tls === undefined ? 'connected' : 'found'));
  return socket.once('secureConnect', () => onStep('connected'));
}

function connect({ host, port, lookup, tls }: Route, onread: OnReadOpts): Socket {
  const options = { host, port, onread, ...(lookup === undefined ? {} : { lookup }) };
  if (tls === undefined) return process.getBuiltinModule('node:net').connect(options);
  const { context, insecure, servername } = tls;
  return process.getBuiltinModule('node:tls').connect({
    ...options,
    ALPNProtocols: ['http/1.1'],
    ...(context === undefined ? {} : { secureContext: context }),
    ...(insecure ? { rejectUnauthorized: false } : {}),
    ...(servername === undefined ? {} : { servername }),
  });
}
