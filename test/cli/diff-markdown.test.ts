/** Markdown fits into a comment, however much differs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diffMarkdown } from '../../src/cli/diff/markdown.ts';
import type { ImageComparison } from '../../src/image/diff/comparison.ts';
import type { ImageDiff } from '../../src/image/diff/image-diff.ts';

const descriptor = { mediaType: 'application/vnd.oci.image.manifest.v1+json', size: 1 };
const [before, after] = ['a', 'b'].map((digit) => ({ ...descriptor, digest: `sha256:${digit.repeat(64)}` as const }));
const names = { before: 'app:1', after: 'app:2' };

/** Files that only the second image has. */
const added = (count: number, name: string): ImageComparison['files'] =>
  Array.from({ length: count }, (_, at) => ({ kind: 'added', path: `${name}${at}`, unsure: true }));
const markdown = (images: readonly Partial<ImageComparison>[]): readonly string[] => {
  assert.ok(before && after);
  const diff: ImageDiff = {
    before,
    after,
    isDifferent: true,
    images: images.map((image) => ({ kind: 'compared', ...image })),
  };
  return diffMarkdown(diff, names);
};
const filesIn = (lines: readonly string[]): number => lines.filter((line) => line.startsWith('+ ')).length;

test('of each part the first 200 lines', () => {
  const lines = markdown([{ files: added(300, 'f') }]);
  assert.equal(filesIn(lines), 200);
  assert.ok(lines.includes('  … and 100 more'));
});

test('fewer of each, where there are many parts or long lines', () => {
  const images = Array.from({ length: 12 }, (_, at) => ({
    platform: { os: 'linux', architecture: `cpu${at}` },
    files: added(300, 'usr/share/doc/some-package/some-file-'),
  }));
  for (const [of, count] of [
    [images, 1200],
    [[{ files: added(300, 'x'.repeat(4000)) }], 10],
  ] as const) {
    const lines = markdown(of);
    assert.ok(lines.join('\n').length < 65_536);
    assert.equal(filesIn(lines), count);
    assert.ok(lines.some((line) => /… and \d+ more/.test(line)));
    assert.equal(lines.filter((line) => line.startsWith('```')).length % 2, 0);
  }
});
