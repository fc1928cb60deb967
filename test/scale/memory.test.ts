/** Size costs no memory, or as much as the documents that have to be read whole: what keeps more does not end in a heap so small. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { offering, runBounded } from '../support/bounded-heap.ts';
import { commandFile } from '../support/program.ts';

const nowhere = fileURLToPath(new URL('../support/copy-to-nowhere.ts', import.meta.url));
const source = ['--import', 'tsx', '-C', 'source'] as const;

test('a million tags are listed in a heap that holds none of them for long', async () => {
  const ended = await offering('tags', 1_000_000, (host) => runBounded(24, [commandFile, 'tags', `${host}/scale`]));
  assert.deepEqual(ended, { code: 0, lines: 1_000_000, last: 'n0999999' });
});

test('a hundred thousand repositories are', async () => {
  const ended = await offering('repositories', 100_000, (host) => runBounded(20, [commandFile, 'repos', host]));
  assert.deepEqual(ended, { code: 0, lines: 100_000, last: 'n0099999' });
});

test('an image of ten thousand layers is copied in a heap of a few documents', async () => {
  const ended = await offering('layers', 10_000, (host) => runBounded(64, [...source, nowhere, host]));
  assert.deepEqual(ended, { code: 0, lines: 1, last: '10001 blobs, 1 manifests' });
});

test('an index of a thousand images is', async () => {
  const ended = await offering('children', 1000, (host) => runBounded(64, [...source, nowhere, host]));
  assert.deepEqual(ended, { code: 0, lines: 1, last: '2000 blobs, 1001 manifests' });
});
