/** Runs a program of Node with a bounded heap: what keeps more than that of what it has seen does not get to its end. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { offerOf } from '../../bench/scale/offer.ts';
import { serveOffer } from '../../bench/scale/serve-offer.ts';
import type { Kind } from '../../bench/scale/works.ts';

export interface Bounded {
  readonly code: number | null;
  /** Lines of its output. */
  readonly lines: number;
  readonly last: string;
}

/** @param heapMib of what lives longer than a moment */
export async function runBounded(heapMib: number, args: readonly string[]): Promise<Bounded> {
  const bounds = [`--max-old-space-size=${heapMib}`, '--max-semi-space-size=2'];
  const child = spawn(process.execPath, [...bounds, ...args], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { PATH: process.env.PATH },
  });
  const closed = once(child, 'close');
  let [lines, last] = [0, ''];
  for await (const line of createInterface({ input: child.stdout })) [lines, last] = [lines + 1, line];
  const [code] = (await closed) as [number | null];
  return { code, lines, last };
}

/** Works with a registry that offers so much, and ends it. */
export async function offering<T>(kind: Kind, size: number, work: (host: string) => Promise<T>): Promise<T> {
  const server = createServer(serveOffer(await offerOf(kind, size)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    return await work(`127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}
