/** Examples in `--help`. Each is a whole command line; a test runs every one through the parser. */
import type { Command, OptionValues } from '@commander-js/extra-typings';

const examples = new WeakMap<object, readonly string[]>();

/** Adds the examples to the help of a command. */
export function withExamples<A extends unknown[], O extends OptionValues>(
  command: Command<A, O>,
  ...lines: readonly string[]
): Command<A, O> {
  examples.set(command, lines);
  return command.addHelpText('after', `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}`);
}

/** The examples of a command. */
export function examplesOf(command: object): readonly string[] {
  return examples.get(command) ?? [];
}
