/**
 * `pull --layers`: the layers of an image as plain files, each named by its digest. What is there and right stays, what is wrong is
 * fetched anew. Fetching, continuing and publishing are those of a layout; only the names of the files differ.
 */
import path from 'node:path';
import { hasherFor } from '../bytes/hash.ts';
import type { Call } from '../model/call.ts';
import type { Descriptor } from '../model/descriptor.ts';
import type { Digest } from '../model/digest.ts';
import { counted } from '../graph/progress.ts';
import { blobPath } from '../layout/paths.ts';
import { putBlob } from '../layout/put-blob.ts';
import type { Draft, LayoutTree, WriteTree } from '../layout/tree.ts';
import { directoryTree } from '../node/directory-tree.ts';
import { requireSpace } from '../node/free-space.ts';
import type { Source } from '../store/types.ts';
import { collect, mapLimited } from '../graph/collect.ts';

export interface LayerFile {
  readonly digest: Digest;
  readonly size: number;
  readonly mediaType: string;
  readonly file: string;
  readonly outcome: 'written' | 'exists';
}

/**
 * Keeps the layers as files in a directory; each is fetched once.
 * @throws OciError `DISK_FULL`, `IO`, `DIGEST_MISMATCH`, `SIZE_MISMATCH`, `NOT_FOUND`
 */
export async function keepLayers(
  source: Source,
  layers: readonly Descriptor[],
  directory: string,
  options: Call & { readonly concurrency?: number | undefined },
): Promise<readonly LayerFile[]> {
  const { concurrency = 4, ...call } = options;
  const tree = directoryTree(directory);
  const once = [...new Map(layers.map((layer) => [layer.digest, layer])).values()];
  const missing = await collect(
    mapLimited(once, concurrency, async (layer) => ((await isRight(tree, layer, call)) ? 0 : layer.size)),
  );
  await requireSpace(
    directory,
    missing.reduce((sum, size) => sum + size, 0),
    'the layers',
  );
  return collect(mapLimited(once, concurrency, (layer) => keepLayer(source, layer, tree, call)));
}

async function keepLayer(source: Source, layer: Descriptor, tree: LayoutTree, call: Call): Promise<LayerFile> {
  const { digest, size, mediaType } = layer;
  call.on?.({ type: 'start', descriptor: layer });
  const put = await putBlob(flat(tree, digest), counted(source.blob(layer), call.on), call);
  const outcome = put === 'exists' ? 'exists' : 'written';
  call.on?.({ type: 'done', descriptor: layer, outcome });
  return { digest, size, mediaType, file: path.join(tree.name, fileName(digest)), outcome };
}

/** A file with other bytes than its name says is removed. */
async function isRight(tree: LayoutTree, { digest, size }: Descriptor, { signal }: Call): Promise<boolean> {
  const file = fileName(digest);
  const found = await tree.stat(file);
  if (found === undefined) return false;
  const hasher = hasherFor(digest);
  if (found === size) for await (const chunk of tree.read(file, 0, size, { signal })) hasher.update(chunk);
  if (found === size && hasher.digest() === digest) return true;
  await tree.remove(file);
  return false;
}

/** The tree, with the blob's file at its top. */
function flat(tree: LayoutTree, digest: Digest): WriteTree {
  const file = fileName(digest);
  const place = (name: string): string => (name === blobPath(digest) ? file : name);
  return {
    ...tree,
    stat: (name) => tree.stat(place(name)),
    async draft(name, size, call) {
      const draft = await tree.draft(place(name), size, call);
      const publish = (to: string): Promise<void> => draft.publish(place(to));
      return Object.create(draft, { publish: { value: publish } }) as Draft;
    },
  };
}

/** `sha256:…` as it is, but on Windows, where no file name has a colon. */
function fileName(digest: Digest): string {
  return process.platform === 'win32' ? digest.replace(':', '-') : digest;
}
