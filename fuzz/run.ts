/** Runs a target: inputs from its corpus, mutated, and from its arbitrary, by a seed; the first finding is shrunk and told. */
import * as fc from 'fast-check';
import { mutated } from './mutated.ts';
import type { Corpus, FuzzTarget, Kept, Verdict } from './target.ts';

export interface Finding {
  readonly target: string;
  readonly input: Uint8Array;
  readonly problem: string;
  /** With it, and with as many runs, it is found again. */
  readonly seed: number;
}

export interface Fuzzed {
  readonly runs: number;
  readonly finding?: Finding | undefined;
  /** Those that took the longest for their length, the worst first. */
  readonly slow: readonly Uint8Array[];
}

export interface FuzzOptions {
  readonly runs: number;
  readonly seed: number;
  /** Told now and then how many runs there were. */
  readonly onProgress?: (runs: number) => void;
}

const MAX_SLOW = 12;
/** What is longer is kept for its length, and judged as it is: mutations of it take long and say little. */
const MAX_MUTATED = 16 * 1024;
/** What is shorter says more of the clock. */
const MIN_TIMED = 8;

export function inputsOf({ benign, hostile, other = [] }: Corpus): readonly Kept[] {
  return [...benign, ...hostile, ...other];
}

/** How many runs a target makes of those that were asked for. */
export function runsOf({ share = 1 }: FuzzTarget, runs: number): number {
  return Math.max(1, Math.ceil(runs * share));
}

/** Runs a target on made inputs. */
export async function fuzz(target: FuzzTarget, { runs, seed, onProgress }: FuzzOptions): Promise<Fuzzed> {
  const kept = inputsOf(await target.corpus()).flatMap(({ bytes }) => (bytes.length <= MAX_MUTATED ? [bytes] : []));
  const changed = mutated(kept, target.tokens);
  const inputs =
    target.arbitrary === undefined
      ? changed
      : fc.oneof({ weight: 3, arbitrary: changed }, { weight: 1, arbitrary: target.arbitrary });
  const slow = slowest();
  let count = 0;
  const property = fc.asyncProperty(inputs, async (input) => {
    const startedAt = performance.now();
    await target.run(input);
    slow.add(input, performance.now() - startedAt);
    if (++count % 100 === 0) onProgress?.(count);
  });
  const result = await fc.check(property, { numRuns: runs, seed, ignoreEqualValues: false });
  const input = result.counterexample?.[0];
  const finding =
    result.failed && input !== undefined
      ? { target: target.name, input, problem: told(result.errorInstance), seed }
      : undefined;
  return { runs: result.numRuns, finding, slow: slow.inputs() };
}

function slowest(): { add: (input: Uint8Array, ms: number) => void; inputs: () => readonly Uint8Array[] } {
  const found: { input: Uint8Array; perByte: number }[] = [];
  return {
    add(input, ms) {
      const perByte = ms / input.length;
      if (input.length < MIN_TIMED || (found.length === MAX_SLOW && perByte <= (found.at(-1)?.perByte ?? 0))) return;
      found.push({ input: Uint8Array.from(input), perByte });
      found.sort((a, b) => b.perByte - a.perByte).splice(MAX_SLOW);
    },
    inputs: () => found.map(({ input }) => input),
  };
}

/** Kept inputs of which the verdict is not the one that they are kept for. */
export async function misjudged(target: FuzzTarget): Promise<readonly string[]> {
  const { benign, hostile, other = [] } = await target.corpus();
  const wrong: string[] = [];
  const judge = async ({ name, bytes }: Kept, wanted: Verdict | undefined): Promise<void> => {
    const got = await Promise.resolve(bytes)
      .then(target.run)
      .catch((error: unknown) => told(error));
    if (got !== wanted && (wanted !== undefined || (got !== 'taken' && got !== 'refused')))
      wrong.push(`${name}: ${got}`);
  };
  for (const one of benign) await judge(one, 'taken');
  for (const one of hostile) await judge(one, 'refused');
  for (const one of other) await judge(one, undefined);
  return wrong;
}

export function told(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : `threw ${String(error)}`;
}
