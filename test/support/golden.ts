/** Golden files: what a command promises to print. `UPDATE_GOLDEN=1` writes them anew, for a person to read the difference. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../cli/golden', import.meta.url));

/** Fails when the text differs from the golden file of this name. */
export function assertGolden(name: string, actual: string): void {
  // Of a kind of its own, so that no formatter touches it.
  const file = path.join(folder, `${name}.golden`);
  if (process.env.UPDATE_GOLDEN === '1') {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, actual);
  }
  assert.equal(actual, readFileSync(file, 'utf8'), `${name} is not as promised`);
}
