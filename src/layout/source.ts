/** The reading half of a layout: any medium whose files can be read is a `Source`. */
import type { Pour } from '../bytes/transfer.ts';
import { checkPoured } from '../bytes/verify.ts';
import { isOciError, OciError, throwIfAborted } from '../errors.ts';
import type { Bytes, Call } from '../model/call.ts';
import { type Descriptor, plainDescriptor } from '../model/descriptor.ts';
import { type Digest, isDigest, parseDigest } from '../model/digest.ts';
import type { Manifest } from '../model/manifest.ts';
import { OCTET_STREAM } from '../model/media-types.ts';
import { quote } from '../model/quote.ts';
import { contentOf } from '../store/content.ts';
import { isForeign } from '../store/links.ts';
import { lexical, sortedAfter } from '../store/listing.ts';
import { paged } from '../store/paged.ts';
import type { Content, ListOptions, Source } from '../store/types.ts';
import { indexReader, type KnownIndex } from './index-file.ts';
import { isNoManifest, type KnownFacts, type ManifestName, readManifest, rememberFacts } from './manifests.ts';
import { entriesNamed, namesIn } from './names.ts';
import { blobPath } from './paths.ts';
import { referrersIn } from './referrers.ts';
import type { ReadTree } from './tree.ts';

/** A layout's tree with what is remembered of it. */
export interface Layout<T extends ReadTree = ReadTree> extends KnownIndex, KnownFacts {
  readonly tree: T;
}

export function layoutOf<T extends ReadTree>(tree: T): Layout<T> {
  return { tree, ...indexReader(tree), ...rememberFacts(tree) };
}

/** A layout can tell what is in it that has no tag, too. */
export interface LayoutSource extends Source {
  /** The entries of its index, named or not. @throws OciError `NOT_FOUND`, `LAYOUT_INVALID` */
  readonly roots: (options?: Call) => Promise<readonly Descriptor[]>;
}

/** The layout as a source. Its tags are the names of its index; a digest need not be in the index to be found. */
export function sourceOf(layout: Layout): LayoutSource {
  const { tree } = layout;
  return {
    resolve: (reference, options) => resolve(layout, reference, options),
    manifest: (reference, options) => manifestOf(layout, reference, options),
    async stat(digest, options) {
      throwIfAborted(options?.signal);
      const size = await tree.stat(blobPath(digest));
      return size === undefined ? undefined : { mediaType: OCTET_STREAM, digest, size };
    },
    blob: (descriptor) => blobOf(tree, descriptor),
    roots: (options = {}) => entriesOf(layout, options),
    tags: (options = {}) => lexical(paged(tagPages(layout, options))),
    async *referrers(subject, options = {}) {
      const { artifactType } = options;
      const digest = parseDigest(subject.digest);
      const entries = (await layout.index(options))?.entries ?? [];
      for await (const descriptor of referrersIn(layout, entries, digest, options)) {
        if (artifactType === undefined || descriptor.artifactType === artifactType) yield descriptor;
      }
    },
  };
}

async function* tagPages(layout: Layout, options: ListOptions): AsyncGenerator<readonly string[]> {
  yield sortedAfter(namesIn(await entriesOf(layout, options)), options.last);
}

async function resolve(layout: Layout, reference: string, options: Call = {}): Promise<Descriptor | undefined> {
  const wanted = await wantedBy(layout, reference, options);
  if (wanted === undefined || !isDigest(reference)) return wanted && plainDescriptor(wanted as Descriptor);
  try {
    return (await readManifest(layout.tree, wanted, options))?.descriptor;
  } catch (error) {
    if (wanted.size === undefined && isNoManifest(error)) return undefined;
    throw error;
  }
}

async function manifestOf(layout: Layout, reference: string | Descriptor, options: Call = {}): Promise<Manifest> {
  const wanted = typeof reference === 'string' ? await wantedBy(layout, reference, options) : reference;
  const manifest = wanted && (await readManifest(layout.tree, wanted, options));
  if (manifest !== undefined) return manifest;
  const name = typeof reference === 'string' ? quote(reference) : reference.digest;
  throw new OciError('NOT_FOUND', `${layout.tree.name}: manifest ${name} is not there`, { missing: 'manifest' });
}

/** The entry of a tag or digest; a digest that is not in the index stands for itself. */
async function wantedBy(layout: Layout, reference: string, options: Call): Promise<ManifestName | undefined> {
  throwIfAborted(options.signal);
  const entries = (await layout.index(options))?.entries ?? [];
  if (!isDigest(reference)) return entriesNamed(entries, reference).at(-1);
  return entries.find(({ digest }) => digest === reference) ?? { digest: reference };
}

function blobOf(tree: ReadTree, descriptor: Descriptor): Content {
  const { digest, size } = descriptor;
  // A byte more than the descriptor says is asked for, so that a longer blob is found out.
  const isElsewhere = isForeign({ role: 'layer', descriptor });
  const content = contentOf(
    descriptor,
    (start, end, options) => {
      const bytes = tree.read(blobPath(digest), start, end < size ? end : size + 1, options);
      return isElsewhere ? orElsewhere(bytes, tree.name, digest) : bytes;
    },
    tree.origin,
    tree.name,
  );
  return tree.pour === undefined || isElsewhere
    ? content
    : { ...content, pour: (...to) => pour(tree, descriptor, ...to) };
}

/** @throws OciError `FOREIGN_LAYER` where a layer that is kept elsewhere was not copied along */
async function* orElsewhere(bytes: Bytes, name: string, digest: Digest): AsyncGenerator<Uint8Array> {
  try {
    yield* bytes;
  } catch (error) {
    if (!isOciError(error, 'NOT_FOUND')) throw error;
    throw new OciError('FOREIGN_LAYER', `${name} has not got ${digest}: the layer is kept elsewhere`, {
      hint: 'copy the image there again, with its foreign layers (--foreign-layers)',
      digests: [digest],
      cause: error,
    });
  }
}

async function pour(
  tree: ReadTree,
  descriptor: Descriptor,
  ...[transfer, options]: Parameters<Pour>
): Promise<boolean> {
  if ((await tree.pour?.(blobPath(descriptor.digest), descriptor.size, transfer, options)) !== true) return false;
  await checkPoured(descriptor, transfer, tree.name);
  return true;
}

/** @throws OciError `NOT_FOUND`: there is no layout at all */
export async function entriesOf(layout: Layout, options: Call): Promise<readonly Descriptor[]> {
  throwIfAborted(options.signal);
  const index = await layout.index(options);
  if (index !== undefined) return index.entries;
  throw new OciError('NOT_FOUND', `${layout.tree.name} is not an image layout: it has no index.json`);
}
