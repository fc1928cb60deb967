/** How long the Node transport waits for what. */
import type { Step } from '../wire/route.ts';
import type { Deadline } from './deadline.ts';

export interface Timeouts {
  /** For a connection to one host, and again for its TLS handshake, in ms. @default 5_000 */
  readonly connectMs: number;
  /** For a name to be resolved, or a proxy to connect, in ms. @default 20_000 */
  readonly resolveMs: number;
  /** For the head of an answer to a request that reads, in ms. @default 60_000 */
  readonly headMs: number;
  /** For that to a request that writes: a registry on slow storage copies a blob before it says so. @default 900_000 */
  readonly writtenMs: number;
  /** For the next bytes of a body, either way, in ms. @default 30_000 */
  readonly idleMs: number;
  /** A body that brings less than `minBytes` in this time is given up, in ms. @default 60_000 */
  readonly slowMs: number;
  /** @default 61_440, 1 KiB a second */
  readonly minBytes: number;
}

export const defaultTimeouts: Timeouts = {
  connectMs: 5000,
  resolveMs: 20_000,
  headMs: 60_000,
  writtenMs: 900_000,
  idleMs: 30_000,
  slowMs: 60_000,
  minBytes: 60 * 1024,
};

/** Each step has its own limit: a slow name server must not use up the time for the connection. */
export function limitStep(step: Step, deadline: Deadline, { resolveMs, connectMs }: Timeouts): void {
  if (step === 'begun') deadline.set(resolveMs, `not reached within ${resolveMs} ms`);
  else if (step === 'found') deadline.set(connectMs, `no connection within ${connectMs} ms`);
  else deadline.clear();
}
