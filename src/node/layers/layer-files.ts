/**
 * The layers of an image as plain files, each named by its digest: fetched into a directory, and pushed from one together with a
 * manifest. What is there and right stays, what is wrong is fetched anew.
 */
import path from 'node:path';
import { hasherFor } from '../../bytes/hash.ts';
import { fromArray } from '../../bytes/read.ts';
import { copy } from '../../graph/copy.ts';
import { counted } from '../../graph/progress.ts';
import { withTasks } from '../../graph/tasks.ts';
import { walk } from '../../graph/walk.ts';
import { blobPath } from '../../layout/paths.ts';
import { putBlob } from '../../layout/put-blob.ts';
import type { LayoutTree } from '../../layout/tree.ts';
import type { Call } from '../../model/call.ts';
import type { Descriptor } from '../../model/descriptor.ts';
import type { Digest } from '../../model/digest.ts';
import type { Manifest } from '../../model/manifest.ts';
import { contentOf } from '../../store/content.ts';
import { overlay } from '../../store/overlay.ts';
import type { Content, Source, Target } from '../../store/types.ts';
import { digestFileName, digestFiles, digestFilesSource } from '../directory/digest-files.ts';
import { requireSpace } from '../directory/free-space.ts';
import { requireContent } from './missing-content.ts';
import { makeFolder } from '../directory/safe-files.ts';

/** A file that holds a layer, a config, or a manifest that an index lists. */
export interface LayerFile {
  readonly digest: Digest;
  readonly size: number;
  readonly mediaType: string;
  readonly file: string;
  readonly outcome: 'written' | 'exists';
}

export interface PullLayersOptions extends Call {
  /** Files at a time; 4 unless told. */
  readonly concurrency?: number | undefined;
  /** Keep the configs, too, and of an index the manifests of its images: with them {@link pushLayers} misses nothing. */
  readonly config?: boolean | undefined;
}

/**
 * Keeps the layers of an image, or those given, as files in a directory, which is made when it is not there; each is fetched once.
 * Of an index it keeps the layers of all its images.
 * @throws OciError `DISK_FULL`, `IO`, `DIGEST_MISMATCH`, `SIZE_MISMATCH`, `NOT_FOUND`, `FOREIGN_LAYER`; `LAYOUT_INVALID` where a
 * link or a device stands in the place of a file
 */
export async function pullLayers(
  source: Source,
  layers: Manifest | readonly Descriptor[],
  directory: string,
  options: PullLayersOptions = {},
): Promise<readonly LayerFile[]> {
  const { concurrency = 4, config = false, signal, on } = options;
  const call: Call = { signal, on };
  const tree = digestFiles(directory);
  const contents =
    'document' in layers ? await contentsOf(source, layers, config, call) : layers.map((layer) => source.blob(layer));
  const once = [...new Map(contents.map((content) => [content.descriptor.digest, content])).values()];
  return withTasks(concurrency, signal, async (tasks) => {
    const missing = await Promise.all(
      once.map(({ descriptor }) =>
        tasks.run(async (own) => ((await isRight(tree, descriptor, own)) ? 0 : descriptor.size)),
      ),
    );
    const needed = missing.reduce((sum, size) => sum + size, 0);
    await requireSpace(directory, needed, 'the layers');
    await makeFolder(directory);
    return Promise.all(once.map((content) => tasks.run((own) => keep(content, tree, { signal: own, on }))));
  });
}

async function contentsOf(source: Source, root: Manifest, config: boolean, call: Call): Promise<readonly Content[]> {
  const contents: Content[] = [];
  const manifests = overlay(source, { manifests: [root] });
  for await (const { manifest, depth } of walk(manifests, root.descriptor, call)) {
    if (config && depth > 0) {
      contents.push(contentOf(manifest.descriptor, (start, end) => fromArray(manifest.bytes.subarray(start, end))));
    }
    for (const { role, descriptor } of manifest.links) {
      if (role === 'layer' || (role === 'config' && config)) contents.push(source.blob(descriptor));
    }
  }
  return contents;
}

async function keep(content: Content, tree: LayoutTree, call: Call): Promise<LayerFile> {
  const { descriptor } = content;
  const { digest, size, mediaType } = descriptor;
  call.on?.({ type: 'start', descriptor });
  const put = await putBlob(tree, counted(content, call.on), call);
  const outcome = put === 'exists' ? 'exists' : 'written';
  call.on?.({ type: 'done', descriptor, outcome });
  return { digest, size, mediaType, file: path.join(tree.name, digestFileName(digest)), outcome };
}

/** A file with other bytes than its name says is removed. */
async function isRight(tree: LayoutTree, { digest, size }: Descriptor, signal: AbortSignal): Promise<boolean> {
  const file = blobPath(digest);
  const found = await tree.stat(file);
  if (found === undefined) return false;
  const hasher = hasherFor(digest);
  if (found === size) for await (const chunk of tree.read(file, 0, size, { signal })) hasher.update(chunk);
  if (found === size && hasher.digest() === digest) return true;
  await tree.remove(file);
  return false;
}

export interface PushLayersOptions extends Call {
  /** Names for the manifest; without any it is kept under its digest. */
  readonly tags?: readonly string[] | undefined;
  /** Requests at a time; 4 unless told. */
  readonly concurrency?: number | undefined;
}

/**
 * Pushes a manifest, with all it refers to from the files of a directory; its bytes stay as they are. A file may be named
 * `sha256:<hex>` (as {@link pullLayers} does), `sha256-<hex>`, `<hex>` (skopeo's `dir:`, the blobs of a layout) or `<hex>.tar.gz`
 * (crane's tar files); what the target has already needs none. Files are verified as they are sent.
 * @returns the descriptor of the manifest.
 * @throws OciError `LAYER_MISSING` with all `digests` that are missing, and `SIZE_MISMATCH` for a file of the wrong size: before a byte
 * is sent; `DIGEST_MISMATCH`: before the manifest is; `LAYOUT_INVALID` where a link or a device stands in the place of a file
 */
export async function pushLayers(
  manifest: Manifest,
  directory: string,
  target: Target,
  options: PushLayersOptions = {},
): Promise<Descriptor> {
  const source = await openLayers(manifest, directory, target, options);
  return copy(source, manifest.descriptor, target, options);
}

/** A manifest and the files of a directory as a source that has all that the target lacks. @throws as {@link pushLayers} */
export async function openLayers(
  manifest: Manifest,
  directory: string,
  target: Source,
  options: Pick<PushLayersOptions, 'concurrency' | keyof Call> = {},
): Promise<Source> {
  const files = digestFilesSource(directory);
  await requireContent(manifest, { files, directory, target }, options);
  return overlay(files, { manifests: [manifest] });
}
