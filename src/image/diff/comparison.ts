/** Two single images, compared section by section. */
import { imageConfig } from '../../graph/select.ts';
import type { Call } from '../../model/call.ts';
import type { Descriptor } from '../../model/descriptor.ts';
import type { ImageConfig } from '../../model/image-config.ts';
import type { Manifest } from '../../model/manifest.ts';
import type { Source } from '../../store/types.ts';
import { type DiffOptions, isAsked } from './diff-options.ts';
import { diffConfigs, diffManifests } from './documents.ts';
import type { FieldChange } from './fields.ts';
import { diffFileSystems, type FileSystemsDiff } from './file-systems.ts';
import { diffHistories, type HistoryChange } from './history.ts';
import type { ImagePair, OpenEnd } from './image-pairs.ts';
import { diffLayers, knownLayers, type LayersDiff } from './layers.ts';

/** What differs between two images for one platform. A section that was not asked for is undefined. */
export interface ImageComparison extends ImagePair, FileSystemsDiff {
  /** `same`: they have one digest, and nothing of them was read. `added`, `removed`: only one of the names has it. */
  readonly kind: 'same' | 'added' | 'removed' | 'compared';
  /** Media types, subject, annotations. */
  readonly manifest?: readonly FieldChange[] | undefined;
  /** Undefined, too, for artifacts, which have none. */
  readonly config?: readonly FieldChange[] | undefined;
  readonly history?: readonly HistoryChange[] | undefined;
  readonly layers?: LayersDiff | undefined;
}

/** Compares a pair; what has one digest is not read. */
export async function compareImages(
  pair: ImagePair,
  from: OpenEnd,
  to: OpenEnd,
  options: DiffOptions,
): Promise<ImageComparison> {
  const { before, after } = pair;
  if (before === undefined) return { kind: 'added', ...pair };
  if (after === undefined) return { kind: 'removed', ...pair };
  if (before.digest === after.digest) return { kind: 'same', ...pair };
  const call: Call = { signal: options.signal, on: options.on };
  const old = { source: from.source, manifest: await from.manifest(before, call) };
  const current = { source: to.source, manifest: await to.manifest(after, call) };
  return { kind: 'compared', ...pair, ...(await compareParts(old, current, options)) };
}

interface OneImage {
  readonly source: Source;
  readonly manifest: Manifest;
}

async function compareParts(
  before: OneImage,
  after: OneImage,
  options: DiffOptions,
): Promise<Omit<ImageComparison, 'kind'>> {
  const manifest = isAsked(options, 'manifest') && diffManifests(before.manifest, after.manifest, options);
  const told = manifest === false ? {} : { manifest };
  if (!isAsked(options, 'config', 'history', 'layers', 'files', 'packages')) return told;
  const configs = await readConfigs(before, after, { signal: options.signal, on: options.on });
  const { before: old, after: current } = configs;
  const layers = knownLayers(layersOf(before), layersOf(after), configs);
  return {
    ...told,
    ...(isAsked(options, 'config') && old && current ? { config: diffConfigs(old, current, options) } : {}),
    ...(isAsked(options, 'history')
      ? { history: diffHistories(old?.history ?? [], current?.history ?? [], options) }
      : {}),
    ...(isAsked(options, 'layers') ? { layers: diffLayers(layers.before, layers.after) } : {}),
    ...(await diffFileSystems(
      layers.before.map((layer) => ({ ...layer, source: before.source })),
      layers.after.map((layer) => ({ ...layer, source: after.source })),
      options,
    )),
  };
}

function layersOf({ manifest }: OneImage): readonly Descriptor[] {
  return manifest.links.flatMap(({ role, descriptor }) => (role === 'layer' ? [descriptor] : []));
}

interface Configs {
  readonly before: ImageConfig | undefined;
  readonly after: ImageConfig | undefined;
}

/** One that both have is read once. */
async function readConfigs(before: OneImage, after: OneImage, call: Call): Promise<Configs> {
  const [own, other] = [before, after].map(
    ({ manifest }) => manifest.links.find(({ role }) => role === 'config')?.descriptor.digest,
  );
  const config = await imageConfig(before.source, before.manifest, call);
  return { before: config, after: own === other ? config : await imageConfig(after.source, after.manifest, call) };
}

/** Does anything differ in what was compared? */
export function isDifferent(
  { kind, config = [], history = [], layers, files = [], packages = [], unread }: ImageComparison,
  options: DiffOptions,
): boolean {
  if (kind !== 'compared') return kind !== 'same';
  // Two digests are two manifests, if only in how they are written.
  if (isAsked(options, 'manifest') || unread !== undefined) return true;
  const isMoved = layers?.layers.some((layer) => layer.kind !== 'shared') === true;
  return isMoved || [config, history, files, packages].some(({ length }) => length > 0);
}
