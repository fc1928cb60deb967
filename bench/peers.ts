/** Where the peers are: on PATH, or else where scripts/bench-peers.sh has put those that a stable Debian does not have. */
import { accessSync, constants, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FETCHED = fileURLToPath(new URL('../.bench/peers/bin', import.meta.url));

/** A PATH that finds them, too; what the user has wins. */
export function peersPath(path: string = process.env.PATH ?? '', fetched: string = FETCHED): string {
  return `${path}${delimiter}${fetched}`;
}

/** The version of the package that a program came in: some programs cannot tell their own. */
export function packageVersion(program: string, path: string = peersPath()): string | undefined {
  const file = path
    .split(delimiter)
    .map((folder) => join(folder, program))
    .find(isExecutable);
  try {
    return file === undefined ? undefined : readFileSync(`${file}.version`, 'utf8').trim();
  } catch {
    return undefined;
  }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
