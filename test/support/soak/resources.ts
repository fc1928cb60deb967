/** What a process holds: descriptors, handles and timers, memory. */
import { readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

export interface Held {
  readonly descriptors: number;
  /** Of `process.getActiveResourcesInfo()`, sorted. */
  readonly resources: readonly string[];
  /** Bytes, after a collection. */
  readonly rss: number;
  readonly heap: number;
}

let collect: (() => void) | undefined;

/** Throws away what nobody holds. */
function collectGarbage(): void {
  if (collect === undefined) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
  }
  collect();
}

/** What is held when all that is on its way out has gone: it is looked at until it gets no less. */
export async function held(): Promise<Held> {
  let last = look();
  for (let same = 0; same < 3; ) {
    await delay(30);
    const now = look();
    same = now.descriptors < last.descriptors || now.resources.length < last.resources.length ? 0 : same + 1;
    last = now;
  }
  collectGarbage();
  const { rss, heapUsed, external } = process.memoryUsage();
  return { ...last, rss, heap: heapUsed + external };
}

function look(): Pick<Held, 'descriptors' | 'resources'> {
  // The reading of the folder has one open itself.
  const descriptors = process.platform === 'linux' ? readdirSync('/proc/self/fd').length - 1 : 0;
  const resources = process.getActiveResourcesInfo().filter((name) => name !== 'Immediate');
  return { descriptors, resources: resources.sort() };
}

/** How much a value grows for each step, by least squares. */
export function slope(values: readonly number[]): number {
  const middle = (values.length - 1) / 2;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const spread = values.reduce((sum, _, at) => sum + (at - middle) ** 2, 0);
  return values.reduce((sum, value, at) => sum + (at - middle) * (value - mean), 0) / (spread || 1);
}
