/** Random numbers that come again with the same seed. */

/** Whole numbers from 0 to before a limit. */
export type Random = (limit: number) => number;

/** mulberry32. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  };
}

/** Some of the items, as many times over as none is taken twice; all of them where the whole is asked for. */
export function sample<T>(items: readonly T[], count: number, random: Random): readonly T[] {
  if (isWhole || items.length <= count) return items;
  const left = [...items];
  return Array.from({ length: count }, () => left.splice(random(left.length), 1)).flat();
}

/** Everything is run, not only a sample: `LADING_WHOLE=1`. */
export const isWhole: boolean = process.env.LADING_WHOLE === '1';
