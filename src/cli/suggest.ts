/** "Did you mean": the names nearest to one that is not there. */

/** How many edits (insert, delete, replace, swap) lead from one string to the other; more than `limit` is told as `limit + 1`. */
export function distance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let before: number[] = [];
  let row = [...Array(b.length + 1).keys()];
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let cost = Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + same);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) cost = Math.min(cost, (before[j - 2] ?? 0) + 1);
      next.push(cost);
    }
    before = row;
    row = next;
  }
  return Math.min(row[b.length] ?? 0, limit + 1);
}

/** The candidates that a slip of the hand would explain, nearest first; those that only continue the name come last. */
export function nearest(wanted: string, candidates: Iterable<string>, count = 3): string[] {
  const limit = Math.max(1, Math.floor(wanted.length / 3));
  const scored: { name: string; score: number }[] = [];
  for (const name of candidates) {
    const edits = distance(wanted, name, limit);
    if (edits <= limit) scored.push({ name, score: edits });
    else if (wanted.length > 0 && (name.startsWith(wanted) || wanted.startsWith(name)))
      scored.push({ name, score: limit + 1 });
  }
  return scored
    .sort((a, b) => a.score - b.score || a.name.length - b.name.length || (a.name < b.name ? -1 : 1))
    .slice(0, count)
    .map(({ name }) => name);
}

const MAX_TAGS = 2000;
const FEW = 8;

/**
 * A hint for a tag that is not there, from the tags that are. Nothing when the tags cannot be listed: a suggestion never hides the error.
 */
export async function suggestTag(name: string, tag: string, tags: AsyncIterable<string>): Promise<string | undefined> {
  const found: string[] = [];
  try {
    for await (const one of tags) {
      if (found.push(one) >= MAX_TAGS) break;
    }
  } catch {
    return undefined;
  }
  if (found.length === 0 || found.includes(tag)) return undefined;
  const near = nearest(tag, found);
  if (near.length > 0) return `did you mean ${near.map((one) => `${name}:${one}`).join(' or ')}?`;
  return found.length <= FEW ? `it has ${found.join(', ')}` : `see "lading tags ${name}" for the tags that there are`;
}
