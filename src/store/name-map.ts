/**
 * Values by their names, which can be told in lexical order from any name on: what a page of a list costs is the page, and not all the
 * names there are. They stand in runs of bounded length, so that adding one moves few. What is listed, and when, is for others.
 */

export interface NameMap<V> {
  readonly size: number;
  get(name: string): V | undefined;
  has(name: string): boolean;
  set(name: string, value: V): void;
  /** @returns was it there? */
  delete(name: string): boolean;
  /** The names, and what they stand for, as they were added. */
  entries(): Iterable<readonly [string, V]>;
  /** At most so many names in lexical order, the first of those after `last`. */
  after(last: string | undefined, count: number): readonly string[];
}

/** Names in one run; a longer one is halved. */
const MAX_RUN = 512;

/** @param compare orders the names, by code units unless told. */
export function createNameMap<V>(compare: (a: string, b: string) => number = byCodeUnit): NameMap<V> {
  const values = new Map<string, V>();
  /** None is empty, and all names of one come before those of the next. */
  const runs: string[][] = [];
  /** The run in which a name stands, or would: the last that begins with it or before. */
  const runOf = (name: string): number => Math.max(0, leading(runs, ([first = '']) => compare(first, name) <= 0) - 1);
  const placeOf = (run: readonly string[], name: string): number => leading(run, (one) => compare(one, name) < 0);
  const insert = (name: string): void => {
    const at = runOf(name);
    const run = runs[at];
    if (run === undefined) return void runs.push([name]);
    run.splice(placeOf(run, name), 0, name);
    if (run.length > MAX_RUN) runs.splice(at + 1, 0, run.splice(run.length >>> 1));
  };
  const drop = (name: string): void => {
    const at = runOf(name);
    const run = runs[at] ?? [];
    run.splice(placeOf(run, name), 1);
    if (run.length === 0) runs.splice(at, 1);
  };
  return {
    get size() {
      return values.size;
    },
    get: (name) => values.get(name),
    has: (name) => values.has(name),
    set(name, value) {
      if (!values.has(name)) insert(name);
      values.set(name, value);
    },
    delete(name) {
      if (!values.delete(name)) return false;
      drop(name);
      return true;
    },
    entries: () => values.entries(),
    after(last, count) {
      const found: string[] = [];
      const at = last === undefined ? 0 : runOf(last);
      let from = last === undefined ? 0 : leading(runs[at] ?? [], (one) => compare(one, last) <= 0);
      for (let next = at; next < runs.length && found.length < count; next++, from = 0) {
        found.push(...(runs[next] ?? []).slice(from, from + count - found.length));
      }
      return found;
    },
  };
}

/** The order of JavaScript's own strings. */
export function byCodeUnit(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** How many of the first items something holds for; it holds for none behind one that it does not hold for. */
export function leading<T>(items: readonly T[], holds: (item: T) => boolean): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(items[middle] as T)) low = middle + 1;
    else high = middle;
  }
  return low;
}
