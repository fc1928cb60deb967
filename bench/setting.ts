/** What holds for all that is measured in one run of the bench. */
import type { Machine } from './machine.ts';

/** A contestant, as a page tells of it. */
export interface Player {
  readonly name: string;
  readonly version: string;
  /** `start` takes part where the start of a program shows, in small works; `limit` moves bytes and looks at nothing. */
  readonly role: 'us' | 'start' | 'peer' | 'limit';
}

export interface Setting {
  /** `2026-01-31` */
  readonly date: string;
  readonly machine: Machine;
  readonly players: readonly Player[];
  /** Peers that are not on PATH. */
  readonly absent: readonly string[];
  /** The command line that does it again. */
  readonly command: string;
  readonly rounds: number;
  readonly largeMib: number;
}
