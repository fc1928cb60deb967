/** Turns: how a store that is given a blob lets its caller say when bytes may be moved. Who bounds them, and why, `graph/tasks` knows. */

/** Takes a slot, does the work and gives the slot back when the work has settled. */
export type Turn = <T>(work: () => Promise<T>) => Promise<T>;

/** Where nobody bounds anything. */
export const straightAway: Turn = (work) => work();
