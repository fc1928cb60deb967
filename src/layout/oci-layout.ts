/**
 * An OCI image layout (image-spec, "OCI Image Layout") as a store: `index.json` names the roots, `blobs/<algorithm>/<hex>` holds
 * all content. The medium is a `LayoutTree`; the rules of layouts are the same on all of them.
 */
import { throwIfAborted } from '../errors.ts';
import type { IngestStore, Target } from '../store/types.ts';
import { remove } from './delete.ts';
import { ingestsOf } from './ingest.ts';
import { beginLayout } from './put-manifest.ts';
import { type LayoutSource, layoutOf, sourceOf } from './source.ts';
import { targetOf } from './target.ts';
import type { LayoutTree, ReadTree, WriteTree } from './tree.ts';

/** A layout on a medium that can do everything. It comes into being with the first thing that is put. */
export function openLayout(tree: LayoutTree): IngestStore {
  const layout = layoutOf(tree);
  const ingests = ingestsOf(tree);
  return {
    ...targetOf(layout),
    delete: (what, options = {}) => remove(layout, what, options),
    async ingest(options = {}) {
      await beginLayout(layout, options);
      return ingests.begin(options);
    },
    async resumeIngest(id, options = {}) {
      throwIfAborted(options.signal);
      return ingests.resume(id, options);
    },
  };
}

/** A layout that is only read. */
export function readLayout(tree: ReadTree): LayoutSource {
  return sourceOf(layoutOf(tree));
}

/** A layout that is only added to. */
export function writeLayout(tree: WriteTree): Target {
  return targetOf(layoutOf(tree));
}
