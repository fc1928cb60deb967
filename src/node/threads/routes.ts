/** What a thread keeps from request to request: the connections of each transport, and what is trusted on the way. */
import type { LookupFunction } from 'node:net';
import type { SecureContext } from 'node:tls';
import { secureContext } from '../http/tls.ts';
import { createPool, type Pool } from '../wire/pool.ts';
import type { Route } from '../wire/route.ts';
import type { Way } from './protocol.ts';

/** Large enough that a read, a hash and a write cost little beside their bytes. */
export const BLOCK_BYTES: number = 1024 * 1024;

interface Transport {
  readonly pool: Pool;
  readonly contexts: Map<string, SecureContext>;
}

const transports = new Map<string, Transport>();

/** The connections that may be used for it, and how to make one. */
export function routeTo(way: Way): { readonly pool: Pool; readonly route: Route } {
  const transport = transports.get(way.transport) ?? { pool: createPool(BLOCK_BYTES), contexts: new Map() };
  transports.set(way.transport, transport);
  const { key, host, port, addresses } = way;
  const lookup = addresses === undefined ? undefined : lookupIn(addresses);
  return { pool: transport.pool, route: { key, host, port, lookup, tls: tlsOf(way, transport) } };
}

/** Ends the connections of a transport. */
export function forgetTransport(name: string): void {
  transports.get(name)?.pool.close();
  transports.delete(name);
}

function lookupIn(addresses: NonNullable<Way['addresses']>): LookupFunction {
  const [first] = addresses;
  return (_, { all }, callback) => {
    if (all === true) callback(null, [...addresses]);
    else callback(null, first?.address ?? '', first?.family);
  };
}

/** One context for equal settings: it takes tens of milliseconds, and the thread does nothing else meanwhile. */
function tlsOf({ key, tls }: Way, { contexts }: Transport): Route['tls'] {
  if (tls === undefined) return undefined;
  const { servername, insecure, ca, cert } = tls;
  if (ca.length === 0 && cert === undefined) return { servername, insecure, context: undefined };
  const context = contexts.get(key) ?? secureContext({ ca, cert, key: tls.key });
  contexts.set(key, context);
  return { servername, insecure, context };
}
