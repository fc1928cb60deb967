/** The writing half of a layout: any medium whose files can be added to is a `Target`. */
import { throwIfAborted } from '../errors.ts';
import { parseDigest } from '../model/digest.ts';
import { straightAway } from '../store/turn.ts';
import type { Target } from '../store/types.ts';
import { putBlob } from './put-blob.ts';
import { beginLayout, putManifest } from './put-manifest.ts';
import { type Layout, sourceOf } from './source.ts';
import type { WriteTree } from './tree.ts';

/** The layout as a target; it comes into being with the first thing that is put. */
export function targetOf(layout: Layout<WriteTree>): Target {
  return {
    ...sourceOf(layout),
    async putBlob(content, options = {}) {
      throwIfAborted(options.signal);
      parseDigest(content.descriptor.digest);
      await beginLayout(layout, options);
      const { turn = straightAway, signal, on } = options;
      return turn(() => putBlob(layout.tree, content, { signal, on }));
    },
    putManifest: (manifest, options = {}) => putManifest(layout, manifest, options),
  };
}
