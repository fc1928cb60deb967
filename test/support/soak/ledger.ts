/** What a worker's tags may stand for: what succeeded stands as it was meant, what failed stands as before, or as it was meant. */
import type { SoakImages } from './images.ts';
import { ofTag } from './checks.ts';
import type { SoakPlace } from './world.ts';

/** Digests, or nothing (undefined). */
export type Chances = ReadonlySet<string | undefined>;

export interface Ledger {
  known(place: SoakPlace, tag: string): Chances;
  /** Those that were ever written to. */
  tagsOf(place: SoakPlace): readonly string[];
  /** Changes tags: until the work has ended well they may stand for either; then what is behind all faults is looked at. */
  changing(
    place: SoakPlace,
    tags: readonly string[],
    to: string | undefined,
    work: () => Promise<unknown>,
  ): Promise<void>;
}

export function openLedger(worker: number, names: readonly string[], pool: SoakImages): Ledger {
  const chances = new Map<string, Chances>();
  const keyOf = (place: SoakPlace, tag: string): string => `${place.name} ${tag}`;
  const known = (place: SoakPlace, tag: string): Chances => chances.get(keyOf(place, tag)) ?? new Set([undefined]);
  return {
    known,
    tagsOf: (place) => names.filter((tag) => chances.has(keyOf(place, tag))),
    async changing(place, tags, to, work) {
      for (const tag of tags) chances.set(keyOf(place, tag), new Set([...known(place, tag), to]));
      await work();
      for (const tag of tags) chances.set(keyOf(place, tag), new Set([to]));
      for (const tag of tags) await ofTag(place.behind(worker), tag, new Set([to]), pool);
    },
  };
}
