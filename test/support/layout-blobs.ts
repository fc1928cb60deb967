/** What a layout holds while it is unfinished: whole blobs under their names, and parts of blobs in the work folder. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { filesBelow } from './layouts.ts';

const WORK = '.lading/';

export interface Unfinished {
  /** Size by digest. */
  readonly blobs: ReadonlyMap<string, number>;
  readonly partials: ReadonlyMap<string, number>;
  /** What lies in the work folder beside the parts and their locks. */
  readonly others: readonly string[];
}

/** Looks at all files of a layout; fails when one under `blobs/` is not what its name says, or stands where nothing belongs. */
export async function unfinishedLayout(directory: string): Promise<Unfinished> {
  const blobs = new Map<string, number>();
  const partials = new Map<string, number>();
  const others: string[] = [];
  for (const file of await filesBelow(directory)) {
    const [, algorithm, hex] = /^blobs\/(\w+)\/([0-9a-f]+)$/.exec(file) ?? [];
    const [, part] = /^\.lading\/blobs-sha256-([0-9a-f]{64})\.partial$/.exec(file) ?? [];
    if (algorithm !== undefined && hex !== undefined) {
      const bytes = await readFile(join(directory, file));
      assert.equal(createHash(algorithm).update(bytes).digest('hex'), hex);
      blobs.set(`${algorithm}:${hex}`, bytes.length);
    } else if (part !== undefined) partials.set(`sha256:${part}`, statSync(join(directory, file)).size);
    else if (file.startsWith(WORK)) others.push(file.slice(WORK.length));
    else assert.ok(file === 'oci-layout' || file === 'index.json', file);
  }
  return { blobs, partials, others };
}

/** How many bytes of a blob have come so far; 0 while there is no such file. */
export function partSize(directory: string, digest: string): number {
  const file = join(directory, WORK, `blobs-${digest.replace(':', '-')}.partial`);
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

/** The sum of some sizes. */
export function total(sizes: Iterable<number>): number {
  return [...sizes].reduce((sum, size) => sum + size, 0);
}
