/** tar archives: both readers see the same entries, and no more bytes than there are. */
import assert from 'node:assert/strict';
import { isOciError } from '../../src/errors.ts';
import { fromArray, readAll } from '../../src/bytes/read.ts';
import { readTar, scanTar } from '../../src/bytes/tar.ts';
import { requireRefusal } from '../judge.ts';
import { trickArchives, unjudged } from '../recipes.ts';
import type { FuzzTarget } from '../target.ts';

export const target: FuzzTarget = {
  name: 'tar-reader',
  corpus: async () => unjudged(await trickArchives('/outside')),
  tokens: [
    'ustar\0',
    'ustar  \0',
    '17 path=a/b/c.d\n',
    '30 mtime=1.5\n',
    'GNU.sparse.map',
    '\u0080',
    '00000000000\0',
    '77777777777\0',
    'x'.repeat(512),
    '\0'.repeat(1024),
  ],
  async run(input) {
    const read = await outcome(input, readWhole(input));
    const window = async (start: number, end: number): Promise<Uint8Array> => input.subarray(start, end);
    const scanned = await outcome(input, scanTar(window, input.length));
    assert.equal(scanned, read);
    return /^[A-Z_]+$/.test(read) ? 'refused' : 'taken';
  },
};

async function* readWhole(input: Uint8Array): ReturnType<typeof scanTar> {
  for await (const { body, ...place } of readTar(fromArray(input))) {
    const bytes = await readAll(body, input.length, 'body');
    assert.deepEqual(bytes.length, place.size);
    yield place;
  }
}

async function outcome(input: Uint8Array, entries: ReturnType<typeof scanTar>): Promise<string> {
  const seen: string[] = [];
  try {
    for await (const { offset, ...header } of entries) {
      assert.ok(offset + header.size <= input.length && header.size >= 0);
      assert.ok(!header.name.includes('\0') && header.name.length <= 4096);
      seen.push(JSON.stringify(header), String(offset));
    }
  } catch (error) {
    requireRefusal(error);
    return isOciError(error) ? error.code : '';
  }
  return `${seen.length} ${seen.join('\n')}`;
}
