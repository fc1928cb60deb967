/**
 * A long line to a registry: a TCP proxy on a free loopback port. It is a process of its own, so that it shares no thread with what is
 * measured.
 *
 *   line/main.ts HOST:PORT ROUND_TRIP_MS
 */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { arrival } from './arrival.ts';
import { carry } from './carry.ts';

const [target = '', milliseconds = ''] = process.argv.slice(2);
const [host = '', port = ''] = target.split(':');
const roundTripMs = Number(milliseconds);

function join(client: Socket): void {
  const connectedAt = performance.now();
  const server = connect({ host, port: Number(port), allowHalfOpen: true, noDelay: true });
  for (const [one, other] of [
    [client, server],
    [server, client],
  ] as const) {
    one.once('error', () => other.destroy());
    one.once('close', (hadError) => hadError && other.destroy());
  }
  carry(client, server, (now) => arrival(now, connectedAt, roundTripMs, 'client'));
  carry(server, client, (now) => arrival(now, connectedAt, roundTripMs, 'server'));
}

const listener = createServer({ allowHalfOpen: true, noDelay: true }, join);
listener.listen(0, '127.0.0.1', () => {
  console.log(`listening on 127.0.0.1:${(listener.address() as AddressInfo).port}`);
});
