/** What a mutant is: one guard of the sources taken away, and the tests that have to notice. */

/** The families of guards; each has mutants. */
export const families = [
  'hop',
  'authorize',
  'verify',
  'limits',
  'extraction',
  'locking',
  'kept tokens',
  'redaction',
  'strict JSON',
  'connections',
  'upload',
  'signatures',
] as const;

export type Family = (typeof families)[number];

export interface Mutant {
  readonly family: Family;
  /** The guard that is taken away. */
  readonly guard: string;
  /** The file that has it. */
  readonly file: string;
  /** A text that stands there exactly once. */
  readonly find: string;
  /** What takes its place. */
  readonly replace: string;
  /** The test files of which one at least has to fail: few and fast. */
  readonly tests: readonly string[];
}
