/** Two lists, side by side: what stands in both in the same order, as `diff` does it (the longest common subsequence). */

/** Positions; one of them is undefined where the other list has nothing to match. */
export interface Aligned {
  readonly before?: number | undefined;
  readonly after?: number | undefined;
}

/** Above it, what differs is taken as replaced whole: the table would cost more than it tells. */
const MAX_CELLS = 4_000_000;

/** Removals come before the additions that take their place. */
export function align(before: readonly string[], after: readonly string[]): readonly Aligned[] {
  const shorter = Math.min(before.length, after.length);
  let head = 0;
  while (head < shorter && before[head] === after[head]) head++;
  let tail = 0;
  while (tail < shorter - head && before.at(-1 - tail) === after.at(-1 - tail)) tail++;
  const middle = alignRest(before.slice(head, before.length - tail), after.slice(head, after.length - tail));
  return [
    ...Array.from({ length: head }, (_, at) => ({ before: at, after: at })),
    ...middle.map((one) => shifted(one, head)),
    ...Array.from({ length: tail }, (_, at) => ({
      before: before.length - tail + at,
      after: after.length - tail + at,
    })),
  ];
}

function shifted({ before, after }: Aligned, by: number): Aligned {
  return {
    before: before === undefined ? undefined : before + by,
    after: after === undefined ? undefined : after + by,
  };
}

function alignRest(before: readonly string[], after: readonly string[]): readonly Aligned[] {
  const lengths = before.length * after.length > MAX_CELLS ? undefined : commonLengths(before, after);
  const width = after.length + 1;
  const found: Aligned[] = [];
  let [i, j] = [0, 0];
  while (i < before.length || j < after.length) {
    if (lengths !== undefined && i < before.length && j < after.length && before[i] === after[j]) {
      found.push({ before: i++, after: j++ });
    } else if (j === after.length || (i < before.length && isLonger(lengths, (i + 1) * width + j, i * width + j + 1))) {
      found.push({ before: i++ });
    } else {
      found.push({ after: j++ });
    }
  }
  return found;
}

function isLonger(lengths: Uint32Array | undefined, at: number, than: number): boolean {
  return lengths === undefined || (lengths[at] ?? 0) >= (lengths[than] ?? 0);
}

/** For each pair of positions, how much the lists have in common from there on. */
function commonLengths(before: readonly string[], after: readonly string[]): Uint32Array {
  const width = after.length + 1;
  const lengths = new Uint32Array((before.length + 1) * width);
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      const [down, right] = [lengths[(i + 1) * width + j] ?? 0, lengths[i * width + j + 1] ?? 0];
      const both = (lengths[(i + 1) * width + j + 1] ?? 0) + 1;
      lengths[i * width + j] = before[i] === after[j] ? both : Math.max(down, right);
    }
  }
  return lengths;
}
