/** Connections of one transport. Those that are done with are kept a while for the next request to the same place. */
import { Connection } from './connection.ts';
import type { Route, Step } from './route.ts';
import type { Sessions } from './socket.ts';

/** A minute; the server usually is quicker, or says so. */
const KEPT_MS = 60_000;
const MAX_KEPT = 32;

export interface Pool {
  /** Opens a connection, or takes one that was kept. `onStep` is told how far it is, at once or later. */
  take(route: Route, onStep: (step: Step) => void): Connection;
  /** Ends all connections, in use or not. */
  close(): void;
}

/** @param blockBytes how much a connection reads at once */
export function createPool(blockBytes: number): Pool {
  const all = new Set<Connection>();
  const kept = new Map<string, Connection[]>();
  const unkeep = (connection: Connection): void => {
    const others = kept.get(connection.key)?.filter((one) => one !== connection) ?? [];
    if (others.length === 0) kept.delete(connection.key);
    else kept.set(connection.key, others);
  };
  const keep = (connection: Connection): void => {
    const connections = kept.get(connection.key) ?? [];
    kept.set(connection.key, connections);
    if (connections.push(connection) > MAX_KEPT) connections[0]?.destroy();
  };
  const gone = (connection: Connection): void => {
    all.delete(connection);
    unkeep(connection);
  };
  const sessions: Sessions = new Map();
  const shared = { blockBytes, keptMs: KEPT_MS, sessions, onFree: keep, onGone: gone };
  return {
    take(route, onStep) {
      const there = kept.get(route.key)?.at(-1);
      if (there === undefined) {
        const opened = new Connection(route, { ...shared, onStep });
        all.add(opened);
        return opened;
      }
      unkeep(there);
      there.claim();
      queueMicrotask(() => onStep('connected'));
      return there;
    },
    close() {
      for (const connection of all) connection.destroy();
      sessions.clear();
    },
  };
}
