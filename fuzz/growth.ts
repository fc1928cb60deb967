/**
 * Does time grow with the length of the input, or with its square? Pieces of the inputs that took the longest are repeated; what takes
 * the longest then is doubled, and doubled again. Four times the input may take sixteen times less than its square would.
 */
import { type Random, seededRandom } from '../test/support/seeded.ts';
import type { FuzzTarget } from './target.ts';

export interface Growth {
  readonly input: Uint8Array;
  /** Milliseconds of CPU for the input, and for one four times as long. */
  readonly small: number;
  readonly large: number;
}

const FIRST_BYTES = 16 * 1024;
const PIECES = 60;
const FINALISTS = 3;
/** Linear is 4, quadratic 16; what is left over is for the collector of garbage. */
const MAX_FACTOR = 10;
/** What is shorter is noise. */
const MIN_MS = 40;

/** What an input takes: milliseconds of CPU, or whatever else is counted. */
export type Cost = (target: FuzzTarget, input: Uint8Array) => Promise<number>;

interface Pump {
  readonly before: Uint8Array;
  readonly piece: Uint8Array;
  readonly after: Uint8Array;
}

/** The worst that was found to grow faster than its length; undefined: nothing does. */
export async function superlinear(
  target: FuzzTarget,
  inputs: readonly Uint8Array[],
  seed: number,
  cost: Cost = cpuMs,
): Promise<Growth | undefined> {
  const bytes = target.growth ?? FIRST_BYTES;
  const random = seededRandom(seed);
  const timed: { readonly pump: Pump; readonly ms: number }[] = [];
  for (let at = 0; at < PIECES && inputs.length > 0; at++) {
    const pump = pumpOf(inputs[random(inputs.length)] ?? new Uint8Array(1), random);
    timed.push({ pump, ms: await cost(target, pumped(pump, bytes)) });
  }
  timed.sort((a, b) => b.ms - a.ms);
  for (const { pump } of timed.slice(0, FINALISTS)) {
    const small = await best(cost, target, pumped(pump, bytes));
    const large = await best(cost, target, pumped(pump, bytes * 4));
    if (large > MIN_MS && large > small * MAX_FACTOR) return { input: pumped(pump, 400), small, large };
  }
  return undefined;
}

function pumpOf(input: Uint8Array, random: Random): Pump {
  const start = random(input.length);
  const end = start + 1 + random(Math.min(24, input.length - start));
  return { before: input.subarray(0, start), piece: input.subarray(start, end), after: input.subarray(end) };
}

function pumped({ before, piece, after }: Pump, bytes: number): Uint8Array {
  const times = Math.ceil(bytes / Math.max(1, piece.length));
  return Buffer.concat([before, ...Array.from({ length: times }, () => piece), after]);
}

async function best(cost: Cost, target: FuzzTarget, input: Uint8Array): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 3; round++) least = Math.min(least, await cost(target, input));
  return least;
}

async function cpuMs(target: FuzzTarget, input: Uint8Array): Promise<number> {
  const before = process.cpuUsage();
  await target.run(input);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
