/** Maps of names to values, edited: labels, annotations, ports, volumes. Which map it is, and what may stand in it, others say. */

/** What becomes of single names: a value, or null for none. */
export type MapEdits<T = string> = Readonly<Record<string, T | null>>;

/**
 * A map with the edits made; `isCleared`: nothing of what it held before is left. A map that changes is sorted by its names,
 * as Go writes maps, so that the order in which edits are given makes no difference.
 * @returns undefined where nothing changes
 */
export function editMap<T>(
  current: Readonly<Record<string, T>> | null | undefined,
  edits: MapEdits<T> | undefined,
  isCleared: boolean = false,
): Readonly<Record<string, T>> | undefined {
  const before = Object.entries(current ?? {});
  const map = new Map(isCleared ? [] : before);
  for (const [name, value] of Object.entries(edits ?? {})) {
    if (value === null) map.delete(name);
    else map.set(name, value);
  }
  const isSame = before.length === map.size && before.every(([name, value]) => isEqual(map.get(name), value));
  return isSame ? undefined : Object.fromEntries([...map].sort(byName));
}

function isEqual(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}
