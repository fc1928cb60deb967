/** How a server is reached, and a request as it stands on the wire. */
import type { LookupFunction } from 'node:net';
import type { SecureContext } from 'node:tls';

export interface Route {
  /** Connections of equal keys may be used again for each other: it tells the origin, and what its address was judged by. */
  readonly key: string;
  readonly host: string;
  readonly port: number;
  /** Asked in place of the name service. */
  readonly lookup?: LookupFunction | undefined;
  readonly tls?:
    | {
        /** Undefined: it is an address. */
        readonly servername: string | undefined;
        /** Undefined: the runtime's. */
        readonly context: SecureContext | undefined;
        readonly insecure: boolean;
      }
    | undefined;
}

/** How far a connection is: begun, its host found, and there. */
export type Step = 'begun' | 'found' | 'connected';
