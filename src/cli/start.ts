/** What every command but `--version` needs, and what is loaded for it at once: the build makes one file of it. */
import { processContext } from './context.ts';
import { run } from './program.ts';

/**
 * Runs the command that the arguments name, in this process.
 * @param argv what stands after the program's name.
 * @returns the exit code
 */
export function start(argv: readonly string[]): Promise<number> {
  return run(argv, processContext());
}
