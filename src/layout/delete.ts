/** Deleting from a layout. The index comes first: a process that dies in between leaves a blob too many, never a name too many. */
import { isOciError } from '../errors.ts';
import type { Call } from '../model/call.ts';
import type { Descriptor } from '../model/descriptor.ts';
import { type Digest, parseDigest } from '../model/digest.ts';
import type { Deletion } from '../store/types.ts';
import { EMPTY_INDEX, replaceIndex } from './index-file.ts';
import { isNoManifest, readManifest } from './manifests.ts';
import { entriesNamed } from './names.ts';
import { blobPath } from './paths.ts';
import { withoutNames } from './roots.ts';
import type { Layout } from './source.ts';
import type { LayoutTree } from './tree.ts';

/**
 * A tag goes alone: its manifest stays in the index without a name, as a registry keeps it under its digest. A manifest goes
 * with its tags; what it consists of is left for `collectGarbage`.
 */
export async function remove(layout: Layout<LayoutTree>, what: Deletion, options: Call): Promise<'deleted' | 'absent'> {
  if (!('tag' in what)) parseDigest('blob' in what ? what.blob : what.manifest);
  if ((await layout.index(options)) === undefined) return 'absent';
  return layout.tree.lock(async () => {
    const index = (await layout.index(options)) ?? EMPTY_INDEX;
    const { entries } = index;
    const replace = async (left: readonly Descriptor[]): Promise<void> => {
      if (left.length === entries.length && left.every((entry, at) => entry === entries[at])) return;
      await replaceIndex(layout, index, left);
    };
    if ('tag' in what) return removeTag(layout, entries, what.tag, replace, options);
    if ('manifest' in what) return removeManifest(layout, entries, what.manifest, replace, options);
    // A manifest is no blob, even though it stands among them.
    if (entries.some(({ digest }) => digest === what.blob)) return 'absent';
    return (await layout.tree.remove(blobPath(what.blob))) ? 'deleted' : 'absent';
  }, options);
}

type Replace = (entries: readonly Descriptor[]) => Promise<void>;

async function removeTag(
  layout: Layout,
  entries: readonly Descriptor[],
  tag: string,
  replace: Replace,
  options: Call,
): Promise<'deleted' | 'absent'> {
  const named = entriesNamed(entries, tag);
  if (named.length === 0) return 'absent';
  await replace(await withoutNames(entries, named, layout.facts, options));
  return 'deleted';
}

async function removeManifest(
  layout: Layout<LayoutTree>,
  entries: readonly Descriptor[],
  manifest: Digest,
  replace: Replace,
  options: Call,
): Promise<'deleted' | 'absent'> {
  const left = entries.filter(({ digest }) => digest !== manifest);
  if (left.length === entries.length && !(await isManifest(layout, manifest, options))) return 'absent';
  await replace(left);
  await layout.tree.remove(blobPath(manifest));
  return 'deleted';
}

/** A blob that nobody lists may be a layer: it is deleted as a manifest only if it is one. */
async function isManifest({ tree }: Layout, digest: Digest, options: Call): Promise<boolean> {
  try {
    return (await readManifest(tree, { digest }, options)) !== undefined;
  } catch (error) {
    if (isNoManifest(error) || isOciError(error, 'DIGEST_MISMATCH')) return false;
    throw error;
  }
}
