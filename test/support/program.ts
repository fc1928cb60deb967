/**
 * The command as a program to start, told in one place: `dist/cli/main.js` (or what LADING_COMMAND names) on this Node.js, the
 * sources on it, or instead of both the standalone executable that LADING_EXECUTABLE names.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A program, and the words in front of its own arguments. */
export type Program = readonly [file: string, ...words: string[]];

const { LADING_EXECUTABLE, LADING_COMMAND } = process.env;

/** The standalone executable that is to be tested, if one is. */
export const executable: string | undefined = LADING_EXECUTABLE ? resolve(LADING_EXECUTABLE) : undefined;

/** The file that holds the command. */
export const commandFile: string =
  executable ?? LADING_COMMAND ?? fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** The command as it is delivered. @param file a copy of {@link commandFile} @param node another Node.js, which runs no executable */
export function builtProgram(file: string = commandFile, node: string = process.execPath): Program {
  if (!existsSync(file)) throw new Error(`${file} is not there: npm run build`);
  return executable === undefined ? [node, file] : [file];
}

/** The command as it stands in the sources, from the project's folder. */
export function sourceProgram(): Program {
  if (executable !== undefined) return [executable];
  const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
  return [process.execPath, '--import', 'tsx', '-C', 'source', main];
}
