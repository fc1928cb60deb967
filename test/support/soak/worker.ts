/** A worker of a soak: does one thing after the other with tags of its own, and tells what came of it. */
import { isOciError } from '../../../src/errors.ts';
import type { Client } from '../../../src/registry/client.ts';
import type { Random } from '../seeded.ts';
import { ofTag, Wrong } from './checks.ts';
import type { SoakImages } from './images.ts';
import { openLedger } from './ledger.ts';
import { operations, type Scene } from './operations.ts';
import type { SoakWorld } from './world.ts';

export interface Told {
  readonly operation: string;
  /** The code of a typed error, `untyped`, or `wrong`. */
  readonly failure?: string;
  readonly detail?: string;
}

export interface Worker {
  step(): Promise<Told>;
  /** Looks at every tag that it has ever set, behind all faults. @returns what is wrong */
  check(): Promise<readonly Told[]>;
  close(): Promise<void>;
}

const TAGS = 4;

export function createWorker(number: number, world: SoakWorld, pool: SoakImages, random: Random): Worker {
  let client: Client = world.login();
  const names = Array.from({ length: TAGS }, (_, at) => `w${number}-${at}`);
  const ledger = openLedger(number, names, pool);
  const pick = <T>(items: readonly T[]): T => items[random(items.length)] as T;
  const spot = (): Scene['other'] => {
    const place = pick(world.places);
    return { place, store: place.open(client, number), tag: pick(names) };
  };
  const scene = (): Scene => {
    const here = spot();
    const login = async (): Promise<void> => {
      await client.close();
      client = world.login();
      if (here.place.host !== undefined) await client.ping(here.place.host);
    };
    return { ...here, image: pick(pool.images), pool, ledger, other: spot(), coin: random(2), login };
  };
  return {
    async step() {
      const operation = pick(Object.keys(operations));
      return { operation, ...(await told(async () => operations[operation]?.(scene()))) };
    },
    async check() {
      const found: Told[] = [];
      for (const place of world.places) {
        for (const tag of ledger.tagsOf(place)) {
          const result = await told(() => ofTag(place.behind(number), tag, ledger.known(place, tag), pool));
          found.push({ operation: 'check', ...result });
        }
      }
      return found.filter(({ failure }) => failure !== undefined);
    },
    close: () => client.close(),
  };
}

async function told(work: () => Promise<unknown>): Promise<Omit<Told, 'operation'>> {
  try {
    await work();
    return {};
  } catch (error) {
    const failure = error instanceof Wrong ? 'wrong' : isOciError(error) ? error.code : 'untyped';
    return { failure, detail: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}
