/** Opens the socket of the runtime that costs the least, and can do what is needed. */
import { bunOpens, openBunSocket } from './bun-socket.ts';
import { openNodeSocket } from './node-socket.ts';
import type { Route } from './route.ts';
import type { SocketOptions, WireSocket } from './socket.ts';

export function openSocket(route: Route, options: SocketOptions): WireSocket {
  return bunOpens(route) ? openBunSocket(route, options) : openNodeSocket(route, options);
}
