/** What may stand in a layout whose writer was stopped anywhere: whole blobs, an index of before or after, and marked parts. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Unfinished, unfinishedLayout } from '../layout-blobs.ts';
import { rootsOf } from '../layouts.ts';

/** Locks go when their holder is known to be gone; an upload waits for its client. */
const mayStay = /^(lock|[\w.-]+\.(lock|upload)(\.break)?|lock\.break)$/;

/** Whose process has died has left more: it goes with the next that takes its lock. */
const mayLie = /^[0-9a-f-]{36}\.tmp$/;

export interface Soundness {
  /** The writer was killed. */
  readonly isDead?: boolean;
}

/** @param states what index.json may say: each is a list of `tag digest`, in any order */
export async function assertSound(
  directory: string,
  states: readonly (readonly string[])[],
  { isDead = false }: Soundness = {},
): Promise<Unfinished> {
  const left = await unfinishedLayout(directory);
  const strays = left.others.filter((name) => !mayStay.test(name) && !(isDead && mayLie.test(name)));
  assert.deepEqual(strays, [], 'temporary files that are no parts');
  if (!existsSync(join(directory, 'index.json'))) {
    assert.ok(
      states.some((state) => state.length === 0),
      'index.json is gone',
    );
    return left;
  }
  const roots = (await rootsOf(directory)).sort().join();
  const known = states.map((state) => state.toSorted().join());
  assert.ok(known.includes(roots), `index.json is neither old nor new: ${roots}`);
  for (const root of roots.split(',').filter(Boolean)) {
    assert.ok(left.blobs.has(root.split(' ').at(-1) ?? ''), `${root} is named and not there`);
  }
  return left;
}
