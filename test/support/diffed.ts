/** Two images of layers that a test writes entry by entry, in a registry that writes down what it is asked, and what differs in them. */
import { gzip } from '../../src/bytes/compress.ts';
import { digestOf } from '../../src/bytes/hash.ts';
import { fromArray, readAll } from '../../src/bytes/read.ts';
import type { TarFile } from '../../src/bytes/tar.ts';
import type { DiffOptions } from '../../src/image/diff/diff-options.ts';
import { diffImages, type ImageDiff } from '../../src/image/diff/image-diff.ts';
import type { ImageComparison } from '../../src/image/diff/comparison.ts';
import type { FileChange } from '../../src/image/diff/files.ts';
import type { ImageConfig } from '../../src/model/image-config.ts';
import type { Platform } from '../../src/model/platform.ts';
import { OCI_LAYER_GZIP } from '../../src/model/media-types.ts';
import type { Target } from '../../src/store/types.ts';
import { type Built, type LayerSpec, putImage } from '../../src/testing/fixtures.ts';
import { tarOf } from './layered.ts';
import { testRegistry } from './test-registry.ts';

/** Entries of a layer, or one that images share. */
export type LayerOf = readonly TarFile[] | LayerSpec;

export interface ImageOf {
  readonly layers: readonly LayerOf[];
  readonly config?: ImageConfig;
  readonly platform?: Platform;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface Diffed {
  readonly diff: ImageDiff;
  readonly before: Built;
  readonly after: Built;
  /** The only comparison. */
  readonly image: ImageComparison;
  /** What was asked of the registry: `manifest`, `config`, or a layer by where it stands: `before 9`, `after 9`, `both 0`. */
  readonly asked: readonly string[];
}

/** A layer, which images may share. */
export async function layer(entries: readonly TarFile[], compression: 'gzip' | 'none' = 'gzip'): Promise<LayerSpec> {
  const archive = await tarOf(entries);
  const diffId = digestOf(archive);
  if (compression === 'none') return { bytes: archive, diffId };
  return { bytes: await readAll(gzip(fromArray(archive)), 1 << 28, 'layer'), mediaType: OCI_LAYER_GZIP, diffId };
}

export async function put(target: Target, tag: string, { layers, ...spec }: ImageOf): Promise<Built> {
  const specs: LayerSpec[] = [];
  for (const one of layers) specs.push(Array.isArray(one) ? await layer(one) : (one as LayerSpec));
  return putImage(target, { ...spec, layers: specs, tags: [tag] });
}

/** Compares two images in one repository. */
export async function diffed(before: ImageOf, after: ImageOf, options: DiffOptions = {}): Promise<Diffed> {
  const world = testRegistry();
  const repository = world.registry.repository('team/app');
  const images = { before: await put(repository, 'before', before), after: await put(repository, 'after', after) };
  const ends = ['before', 'after'].map((reference) => ({ source: world.repository, reference }));
  const [from, to] = ends;
  if (from === undefined || to === undefined) throw new Error('unreachable');
  const diff = await diffImages(from, to, options);
  const [image] = diff.images;
  const asked = world.requests.flatMap(({ method, path }) => (method === 'GET' ? [nameOf(path, images)] : []));
  return { diff, ...images, image: image ?? { kind: 'same' }, asked };
}

function nameOf(path: string, images: Readonly<Record<'before' | 'after', Built>>): string {
  const digest = path.slice(path.lastIndexOf('/') + 1);
  if (path.includes('/manifests/')) return 'manifest';
  const at = (built: Built): number => built.blobs.findIndex(({ descriptor }) => descriptor.digest === digest) - 1;
  const [old, current] = [at(images.before), at(images.after)];
  if (old === -1 || current === -1) return 'config';
  if (old === current) return `both ${old}`;
  return old >= 0 ? `before ${old}` : `after ${current}`;
}

/** Only the files, as {@link lineOf} writes them. */
export async function fileLines(
  before: readonly LayerOf[],
  after: readonly LayerOf[],
  options: DiffOptions = {},
): Promise<readonly string[]> {
  const { image } = await diffed({ layers: before }, { layers: after }, { sections: ['files'], ...options });
  return (image.files ?? []).map(lineOf);
}

/** `~ etc/passwd content`; a question mark follows the sign of what is not sure. */
export function lineOf({ kind, path, differs = [], unsure }: FileChange): string {
  const sign = { added: '+', removed: '-', changed: '~' }[kind];
  return [`${sign}${unsure === true ? '?' : ''}`, path === '' ? '/' : path, ...differs].join(' ');
}
