/** Writing a manifest: its blob, then its place in the index, under the lock, so that nothing it needs is collected meanwhile. */
import { OciError, throwIfAborted } from '../errors.ts';
import { fromArray } from '../bytes/read.ts';
import type { Call } from '../model/call.ts';
import type { Manifest } from '../model/manifest.ts';
import { contentOf, manifestFrom } from '../store/content.ts';
import { requireLinks } from '../store/links.ts';
import type { PutManifestOptions } from '../store/types.ts';
import { EMPTY_INDEX, type LayoutIndex, MARKER, replaceIndex } from './index-file.ts';
import { checkName, entriesNamed } from './names.ts';
import { blobPath, INDEX_FILE, MARKER_FILE } from './paths.ts';
import { putBlob } from './put-blob.ts';
import { withManifest } from './roots.ts';
import type { Layout } from './source.ts';
import type { WriteTree } from './tree.ts';

/** @throws OciError `MANIFEST_BLOB_UNKNOWN`, `CONFLICT`, `REFERENCE_INVALID`, `LIMIT`, `LAYOUT_INVALID` */
export async function putManifest(
  layout: Layout<WriteTree>,
  given: Manifest,
  options: PutManifestOptions,
): Promise<'exists' | 'written'> {
  const { tree } = layout;
  const tags = (options.tags ?? []).map(checkName);
  const manifest = manifestFrom(given.bytes, given.descriptor.mediaType, given.descriptor.digest);
  throwIfAborted(options.signal);
  if (options.isPart === true && tags.length === 0 && manifest.subject === undefined) {
    await beginLayout(layout, options);
    return putFile(layout, manifest, tags, options);
  }
  return tree.lock(async () => {
    const index = await begin(layout, options);
    checkCondition(tree.name, index, tags, options);
    const outcome = await putFile(layout, manifest, tags, options);
    const entries = await withManifest(index.entries, manifest, tags, layout.facts, options);
    if (entries === index.entries && outcome === 'exists') return 'exists';
    if (entries !== index.entries) await replaceIndex(layout, index, entries);
    return 'written';
  }, options);
}

/** The manifest itself, which no list names yet. */
async function putFile(
  { tree, learn }: Layout<WriteTree>,
  manifest: Manifest,
  tags: readonly string[],
  options: Call,
): Promise<'exists' | 'written'> {
  await requireLinks(manifest, async ({ descriptor }) => (await tree.stat(blobPath(descriptor.digest))) !== undefined);
  const outcome = await putBlob(tree, contentFor(manifest), options);
  // An index that leads to it may come next, and asks what it is.
  if (outcome === 'written' && tags.length === 0) learn(manifest);
  return outcome === 'exists' ? 'exists' : 'written';
}

function contentFor({ descriptor, bytes }: Manifest): ReturnType<typeof contentOf> {
  return contentOf(descriptor, (start, end) => fromArray(bytes.subarray(start, end)));
}

function checkCondition(
  name: string,
  { entries }: LayoutIndex,
  tags: readonly string[],
  { ifMatch }: PutManifestOptions,
): void {
  if (ifMatch === undefined) return;
  for (const tag of tags) {
    if (entriesNamed(entries, tag).at(-1)?.digest !== ifMatch) {
      throw new OciError('CONFLICT', `${name}: ${tag} is no longer ${ifMatch}`);
    }
  }
}

/**
 * What makes a directory a layout, written before the first blob, so that an interrupted copy is one already. The marker comes after the
 * index: of a process that died in between, or a tool that forgets it, the next manifest makes up for that.
 */
export async function beginLayout(layout: Layout<WriteTree>, options: Call): Promise<void> {
  throwIfAborted(options.signal);
  const { tree } = layout;
  if ((await tree.stat(INDEX_FILE)) === undefined) await tree.lock(() => begin(layout, options), options);
}

/** The index, under the lock; it and the marker are there from then on. */
async function begin(layout: Layout<WriteTree>, options: Call): Promise<LayoutIndex> {
  const { tree } = layout;
  const found = await layout.index(options);
  if (found === undefined) await replaceIndex(layout, EMPTY_INDEX, []);
  if ((await tree.stat(MARKER_FILE)) === undefined) await tree.replace(MARKER_FILE, MARKER);
  return found ?? EMPTY_INDEX;
}
