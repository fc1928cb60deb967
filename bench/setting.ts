/** What holds for all that is measured in one run of the bench. */
import type { Contestant } from './contestants.ts';
import type { Machine } from './machine.ts';

export interface Setting {
  readonly machine: Machine;
  readonly players: readonly Contestant[];
  /** Peers that are not on PATH. */
  readonly absent: readonly string[];
  /** The command line that does it again. */
  readonly command: string;
  readonly rounds: number;
  readonly largeMib: number;
}
