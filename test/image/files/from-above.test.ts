/** Reading from the top answers as reading everything does, whatever the layers are. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { TarHeader } from '../../../src/bytes/tar.ts';
import { isOciError } from '../../../src/errors.ts';
import { type LayerEntry, layerEntry } from '../../../src/image/files/layer-entries.ts';
import { mergeLayers } from '../../../src/image/files/merge.ts';
import { type Directory, type Found, isSure, locate } from '../../../src/image/files/tree.ts';

const names = fc.constantFrom('a', 'b', 'c');
const path = fc.array(names, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
const asked = fc.oneof({ arbitrary: path, weight: 9 }, fc.constant(''));
const target = fc.tuple(fc.constantFrom('', '/', '../'), path).map((parts) => parts.join(''));
const plain = { size: 0, mode: 0, uid: 0, gid: 0, mtime: 0 };
const header: fc.Arbitrary<TarHeader> = fc.oneof(
  path.map((name): TarHeader => ({ ...plain, name, type: 'file' })),
  asked.map((name): TarHeader => ({ ...plain, name, type: 'directory' })),
  fc.tuple(path, target).map(([name, linkname]): TarHeader => ({ ...plain, name, type: 'symlink', linkname })),
  fc.tuple(path, path).map(([name, linkname]): TarHeader => ({ ...plain, name, type: 'link', linkname })),
  path.map((name): TarHeader => ({ ...plain, name: name.replace(/(.)$/, '.wh.$1'), type: 'file' })),
  path.map((name): TarHeader => ({ ...plain, name: `${name}/.wh..wh..opq`, type: 'file' })),
);
const layer = fc.array(header, { maxLength: 5 }).map((headers) => headers.map((one, at) => layerEntry(one, at)));
const skeleton = ['a', 'b', 'a/b', 'a/c', 'b/a'].map((name, at) =>
  layerEntry({ ...plain, name, type: 'directory' }, at),
);

const known = (layers: readonly (readonly LayerEntry[])[]) =>
  layers.map((entries, at) => ({ digest: String(at), entries }));
const whole = (layers: readonly (readonly LayerEntry[])[]): Directory | undefined => {
  try {
    return mergeLayers(known(layers), { lowest: 0 });
  } catch (error) {
    if (isOciError(error, 'LAYOUT_INVALID')) return undefined;
    throw error;
  }
};

/** What a path leads to, as far as anybody can see. */
const seen = (found: Found): unknown => {
  if (found.kind !== 'found') return found.kind;
  const { node } = found;
  return [found.path, node.kind, node.told?.layer, node.told?.entry.index];
};

test('what the upper layers tell for sure is what all of them tell', () => {
  let sure = 0;
  fc.assert(
    fc.property(fc.array(layer, { minLength: 1, maxLength: 3 }), asked, fc.boolean(), (upper, place, follow) => {
      const layers = [skeleton, ...upper];
      const all = whole(layers);
      fc.pre(all !== undefined);
      for (let lowest = layers.length - 1; lowest > 0; lowest--) {
        const root = mergeLayers(known(layers.slice(lowest)), { lowest });
        const found = root && locate(root, place, { follow });
        if (found === undefined || !isSure(found)) continue;
        sure++;
        assert.deepEqual(seen(found), seen(locate(all, place, { follow })));
      }
    }),
    { numRuns: 6000 },
  );
  assert.ok(sure > 150, `only ${sure} answers`);
});
