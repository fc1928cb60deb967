import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { TarHeader } from '../../../src/bytes/tar.ts';
import { isOciError } from '../../../src/errors.ts';
import { cleanPath, layerEntry, type LayerEntryKind } from '../../../src/image/files/layer-entries.ts';

const header = (name: string, more: Partial<TarHeader> = {}): TarHeader => ({
  type: 'file',
  size: 0,
  mode: 0o644,
  uid: 0,
  gid: 0,
  mtime: 0,
  ...more,
  name,
});
const meaning = (name: string): [LayerEntryKind, string] => {
  const { kind, path } = layerEntry(header(name), 7);
  return [kind, path];
};

test('names of one place are one path', () => {
  for (const name of ['a/b', '/a/b', './a/b', '//a//b', 'a/./b', 'a/b/', 'a/c/../b', '/./a/b/.']) {
    assert.deepEqual(meaning(name), ['entry', 'a/b'], name);
  }
  for (const root of ['', '.', './', '/', 'a/..']) assert.deepEqual(meaning(root), ['entry', ''], root);
  assert.deepEqual(meaning('..a/...'), ['entry', '..a/...']);
});

test('a name that leads out of the image is refused', () => {
  for (const name of ['..', '../x', 'a/../../x', './../x', 'a//../../x', '/..', '/../../etc/x', 'a/b/../../../a']) {
    assert.throws(
      () => layerEntry(header(name), 0),
      (error) => isOciError(error, 'LAYOUT_INVALID'),
      name,
    );
  }
});

test('whiteouts and opaque markers tell what they hide', () => {
  assert.deepEqual(meaning('.wh.a'), ['whiteout', 'a']);
  assert.deepEqual(meaning('./d/.wh.a.b'), ['whiteout', 'd/a.b']);
  assert.deepEqual(meaning('d/.wh..hidden'), ['whiteout', 'd/.hidden']);
  assert.deepEqual(meaning('d/.wh....'), ['whiteout', 'd/...']);
  assert.deepEqual(meaning('d/.wh..wh..opq'), ['opaque', 'd']);
  assert.deepEqual(meaning('/.wh..wh..opq'), ['opaque', '']);
  assert.deepEqual(meaning('.wh..wh.plnk/1.2'), ['entry', '.wh..wh.plnk/1.2']);
  assert.deepEqual(meaning('.wh..wh.aufs'), ['ignored', '.wh..wh.aufs']);
  assert.deepEqual(meaning('.whx'), ['entry', '.whx']);
  assert.deepEqual(meaning('a.wh.b'), ['entry', 'a.wh.b']);
});

test('a whiteout of no name, of its own folder, or of the one above is refused', () => {
  for (const name of ['.wh.', '.wh..', '.wh...', 'd/.wh.', 'd/.wh..', 'd/.wh...']) {
    assert.throws(
      () => layerEntry(header(name), 0),
      (error) => isOciError(error, 'LAYOUT_INVALID'),
      name,
    );
  }
});

test('a link to nothing is refused', () => {
  for (const type of ['link', 'symlink'] as const) {
    assert.throws(
      () => layerEntry(header('a', { type }), 0),
      (error) => isOciError(error, 'LAYOUT_INVALID'),
    );
  }
});

test('whatever the name, the path stays below the root and is clean', () => {
  const part = fc.oneof(fc.constantFrom('', '.', '..', 'a', '.wh.a', ' ', '\\', 'ü'), fc.string({ maxLength: 5 }));
  fc.assert(
    fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
      let path: string;
      try {
        path = cleanPath(parts.join('/'));
      } catch (error) {
        return isOciError(error, 'LAYOUT_INVALID');
      }
      assert.equal(cleanPath(path), path);
      return path === '' || path.split('/').every((name) => name !== '' && name !== '.' && name !== '..');
    }),
    { numRuns: 2000 },
  );
});
