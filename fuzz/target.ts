/** What a fuzz target is: a parser or a machine that is fed bytes, and says whether it took them. */
import type * as fc from 'fast-check';

/** `taken`: the input has a meaning, and it is the right one. `refused`: it was turned down as it should be, by an `OciError` or by no value. */
export type Verdict = 'taken' | 'refused';

/** An input that is kept, and what it is. */
export interface Kept {
  /** `hostile.txt:12`, or the name of a recipe. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface Corpus {
  /** What must be taken. */
  readonly benign: readonly Kept[];
  /** What must be refused. */
  readonly hostile: readonly Kept[];
  /** What may be either; what it does besides is judged all the same. */
  readonly other?: readonly Kept[];
}

export interface FuzzTarget {
  readonly name: string;
  readonly corpus: () => Promise<Corpus>;
  /** Inputs that are made, beside those that are mutated from the corpus. */
  readonly arbitrary?: fc.Arbitrary<Uint8Array>;
  /** Words that the input is made of: mutations put them in. */
  readonly tokens?: readonly string[];
  /** Which part of the runs that are asked for: less than 1 where a run starts a server or writes to a disk. */
  readonly share?: number;
  /** How large the inputs are that time is measured with, in bytes; what a disk or a socket takes is measured small. */
  readonly growth?: number;
  /** Anything thrown is a finding. */
  readonly run: (input: Uint8Array) => Verdict | Promise<Verdict>;
  /** Ends what `run` has begun. */
  readonly close?: () => Promise<void>;
}
