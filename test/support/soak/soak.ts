/** A soak in rounds: each has a world of its own, and what the process holds is looked at when that world is gone. */
import { seededRandom } from '../seeded.ts';
import { soakImages } from './images.ts';
import { type Held, held, slope } from './resources.ts';
import { createWorker, type Told } from './worker.ts';
import { startWorld } from './world.ts';

export interface SoakOptions {
  readonly operations: number;
  readonly seed: number;
  /** Operations in one world. @default 500 */
  readonly perRound?: number;
  /** Requests of a hundred that something happens to. @default 5 */
  readonly percent?: number;
  /** @default 4 */
  readonly workers?: number;
  /** docker-registry as well, where it is installed. @default true */
  readonly withReal?: boolean;
  readonly onRound?: (done: number, held: Held) => void;
}

export interface SoakReport {
  readonly operations: number;
  /** Requests that something happened to. */
  readonly struck: number;
  /** By operation: how many, how many failed with a typed error. */
  readonly counts: ReadonlyMap<string, { readonly done: number; readonly failed: number }>;
  /** How often each code. */
  readonly codes: ReadonlyMap<string, number>;
  readonly wrong: readonly Told[];
  readonly untyped: readonly Told[];
  /** After each round. */
  readonly held: readonly Held[];
  /** Descriptors, and resources by their names, that the last round left and the first did not. */
  readonly leaked: readonly string[];
  /** Bytes for a thousand operations, when the process has warmed up; undefined: too few rounds to tell. */
  readonly growth: { readonly rss: number; readonly heap: number } | undefined;
}

export async function soak(options: SoakOptions): Promise<SoakReport> {
  const { operations, seed, perRound = 500, onRound } = options;
  const all: Told[] = [];
  const rounds: Held[] = [];
  let struck = 0;
  const stray = (error: unknown): void =>
    void all.push({ operation: 'nobody', failure: 'untyped', detail: String(error) });
  process.on('unhandledRejection', stray);
  try {
    for (let done = 0; done < operations; ) {
      const count = Math.min(perRound, operations - done);
      struck += await round(options, count, seed + done, all);
      done += count;
      const now = await held();
      rounds.push(now);
      onRound?.(done, now);
    }
  } finally {
    process.off('unhandledRejection', stray);
  }
  return { operations, struck, ...report(all, rounds, perRound) };
}

/** @returns how many requests something happened to */
async function round(options: SoakOptions, count: number, seed: number, told: Told[]): Promise<number> {
  const { percent = 5, workers = 4, withReal = true } = options;
  const random = seededRandom(seed);
  const world = await startWorld({ random, percent, withReal });
  const pool = await soakImages();
  const team = Array.from({ length: workers }, (_, at) => createWorker(at, world, pool, random));
  try {
    let left = count;
    await Promise.all(
      team.map(async (worker) => {
        while (left-- > 0) told.push(await worker.step());
      }),
    );
    for (const worker of team) told.push(...(await worker.check()));
  } finally {
    for (const worker of team) await worker.close();
    await world.stop();
  }
  return world.struck();
}

function report(
  all: readonly Told[],
  rounds: readonly Held[],
  perRound: number,
): Omit<SoakReport, 'operations' | 'struck'> {
  const counts = new Map<string, { done: number; failed: number }>();
  const codes = new Map<string, number>();
  for (const { operation, failure } of all) {
    const count = counts.get(operation) ?? { done: 0, failed: 0 };
    counts.set(operation, { done: count.done + 1, failed: count.failed + (failure === undefined ? 0 : 1) });
    if (failure !== undefined) codes.set(failure, (codes.get(failure) ?? 0) + 1);
  }
  return {
    counts,
    codes,
    wrong: all.filter(({ failure }) => failure === 'wrong'),
    untyped: all.filter(({ failure }) => failure === 'untyped'),
    held: rounds,
    leaked: leakedBetween(rounds[0], rounds.at(-1)),
    growth: growthOf(rounds, perRound),
  };
}

function leakedBetween(first: Held | undefined, last: Held | undefined): readonly string[] {
  if (first === undefined || last === undefined) return [];
  const left = [...last.resources];
  for (const name of first.resources) if (left.includes(name)) left.splice(left.indexOf(name), 1);
  const more = last.descriptors - first.descriptors;
  return more > 0 ? [...left, `${more} descriptors`] : left;
}

const FEWEST_ROUNDS = 10;

/** The first third is warming up: code is compiled, pools are filled. */
function growthOf(rounds: readonly Held[], perRound: number): SoakReport['growth'] {
  if (rounds.length < FEWEST_ROUNDS) return undefined;
  const warm = rounds.slice(Math.ceil(rounds.length / 3));
  const perThousand = (values: readonly number[]): number => (slope(values) * 1000) / perRound;
  return { rss: perThousand(warm.map(({ rss }) => rss)), heap: perThousand(warm.map(({ heap }) => heap)) };
}
