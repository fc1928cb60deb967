/** Runs a work: everybody in turns, after a warm-up; what each run took, and what the registries say of it. */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Contestant, takesPart } from './contestants.ts';
import type { Ground, Watched } from './ground.ts';
import { measure } from './measure.ts';
import { makeRoomInMemory } from './page-cache.ts';
import { peersPath } from './peers.ts';
import { openStage, type Stage } from './stage.ts';
import type { Result, Sample } from './statistics.ts';
import type { Route } from './words.ts';
import { turnsOf } from './turns.ts';
import type { Work } from './works.ts';

/** A work that was done. */
export interface Measured {
  readonly work: Work;
  readonly rounds: number;
  readonly results: readonly Result[];
  /** Peers that failed in the warm-up. */
  readonly unable: readonly { readonly name: string; readonly reason: string }[];
}

export interface CompeteOptions {
  readonly rounds: number;
  readonly onRound: (work: Work, done: number, rounds: number) => void;
}

export async function compete(
  ground: Ground,
  work: Work,
  all: readonly Contestant[],
  { rounds: wanted, onRound }: CompeteOptions,
): Promise<Measured> {
  const rounds = Math.min(wanted, work.rounds ?? Number.POSITIVE_INFINITY);
  const stage = await openStage(ground, work);
  const run = (player: Contestant): Promise<Sample> => runOnce(ground, stage, work, player);
  const { able, unable } = await warmUp(
    all.filter((player) => takesPart(player, work)),
    run,
  );
  const samples = new Map<string, Sample[]>(able.map(({ name }) => [name, []]));
  for (let round = 1; round <= rounds; round++) {
    for (const player of turnsOf(able, round)) samples.get(player.name)?.push(await run(player));
    onRound(work, round, rounds);
  }
  const results = able.map(({ name, base }) => ({ name, base, samples: samples.get(name) ?? [] }));
  return { work, rounds, results, unable };
}

/** The round that does not count. A peer that cannot do the work, in the version that is here, is left out of it and told of. */
async function warmUp(
  players: readonly Contestant[],
  run: (player: Contestant) => Promise<Sample>,
): Promise<{ readonly able: readonly Contestant[]; readonly unable: Measured['unable'] }> {
  const able: Contestant[] = [];
  const unable: { readonly name: string; readonly reason: string }[] = [];
  for (const player of players) {
    try {
      await run(player);
      able.push(player);
    } catch (error) {
      if (player.role !== 'peer') throw error;
      unable.push({ name: player.name, reason: oneLine((error as Error).message) });
    }
  }
  return { able, unable };
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim().slice(0, 300);
}

let runs = 0;

/** Of the image: what is written beside it needs memory, too. */
const ROOM = 1.5;

async function runOnce(ground: Ground, { route, watched }: Stage, work: Work, player: Contestant): Promise<Sample> {
  const run = ++runs;
  const fresh = join(ground.scratch, `run-${run}`);
  const home = join(fresh, 'home');
  await mkdir(home, { recursive: true });
  // What skopeo as root remembers of where blobs were seen; it has no setting for it.
  await rm('/var/lib/containers/cache/blob-info-cache-v1.boltdb', { force: true });
  try {
    if (work.subject === 'large') await makeRoomInMemory(fresh, ROOM * ground.largeBytes);
    const before = await traffic(watched);
    const command = wordsOf(player, work, route(player.name, run, fresh));
    const cost = await measure(command, environment(ground, home), join(fresh, 'time'));
    const after = await traffic(watched);
    return { ...cost, requests: after.requests - before.requests, bytes: after.bytes - before.bytes };
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

function wordsOf({ name, words }: Contestant, { action }: Work, route: Route): readonly string[] {
  const command = words[action]?.(route);
  if (command === undefined) throw new Error(`${name} has no word for ${action}`);
  return command;
}

/**
 * A home of its own each, and nothing of the user's: nobody remembers, nobody is told of a proxy or an account. The cache alone is that of
 * the runs before: a Node that keeps what it has compiled does so for the next one.
 */
function environment({ scratch }: Ground, home: string): NodeJS.ProcessEnv {
  const fresh = ['HOME', 'XDG_DATA_HOME', 'XDG_CONFIG_HOME', 'XDG_RUNTIME_DIR'].map((name) => [name, home]);
  return { ...Object.fromEntries(fresh), PATH: peersPath(), XDG_CACHE_HOME: join(scratch, 'cache') };
}

async function traffic(watched: readonly Watched[]): Promise<Pick<Sample, 'requests' | 'bytes'>> {
  const entries = (await Promise.all(watched.map(({ requests }) => requests()))).flat();
  return { requests: entries.length, bytes: entries.reduce((sum, { bytes }) => sum + bytes, 0) };
}
