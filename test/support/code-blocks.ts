/** Runs the code of a document as its reader would: each block a program that imports the built package. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The blocks of one language, in the order of the document. */
export async function codeBlocks(document: string, language: string): Promise<string[]> {
  const text = await readFile(join(root, document), 'utf8');
  return [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].flatMap(([, name, code = '']) =>
    name === language ? [code] : [],
  );
}

/**
 * Runs a program in an empty directory inside the package, where `import 'lading'` finds it.
 * @returns what it printed
 */
export async function runProgram(code: string, env: NodeJS.ProcessEnv = {}): Promise<string> {
  const directory = await mkdtemp(join(root, 'test/docs/run-'));
  try {
    const file = join(directory, 'program.mjs');
    await writeFile(file, code);
    const options = { cwd: directory, env: { ...process.env, ...env }, timeout: 60_000 };
    return (await promisify(execFile)(process.execPath, [file], options)).stdout;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
