/**
 * The layers of two images: which both have, and where. A layer is known by what it unpacks to, where both configs tell that: packed
 * otherwise, or taken from docker's archives, which keep no other digest, it has the same files. What runs images holds the configs to it.
 */
import type { Descriptor } from '../../model/descriptor.ts';
import type { Digest } from '../../model/digest.ts';
import type { ImageConfig } from '../../model/image-config.ts';

/** A layer of an image, and what it is known by. */
export interface KnownLayer {
  readonly id: string;
  readonly descriptor: Descriptor;
}

/**
 * `shared`: both images have it, at the same place, whatever their media types call it. `repacked`: so, but its bytes differ, as after another compression. `moved`: both
 * have it, at different places.
 */
export type LayerChangeKind = 'shared' | 'repacked' | 'moved' | 'added' | 'removed';

export interface LayerPlace {
  /** From 0, the lowest first. */
  readonly position: number;
  readonly digest: Digest;
  /** Bytes, as they are stored. */
  readonly size: number;
  readonly mediaType: string;
}

export interface LayerChange {
  readonly kind: LayerChangeKind;
  readonly before?: LayerPlace | undefined;
  readonly after?: LayerPlace | undefined;
}

export interface LayersDiff {
  /** Those of the second image from the lowest, each after what it takes the place of. */
  readonly layers: readonly LayerChange[];
  /** Bytes of all layers, as they are stored. */
  readonly sizes: { readonly before: number; readonly after: number };
}

/** @returns the layers of both images, each known by what both configs tell, or else by its digest */
export function knownLayers(
  before: readonly Descriptor[],
  after: readonly Descriptor[],
  configs: { readonly before: ImageConfig | undefined; readonly after: ImageConfig | undefined },
): { readonly before: readonly KnownLayer[]; readonly after: readonly KnownLayer[] } {
  const [old, current] = [diffIds(configs.before), diffIds(configs.after)];
  const isTold = old.length === before.length && current.length === after.length;
  const known = (layers: readonly Descriptor[], ids: readonly string[]): readonly KnownLayer[] =>
    layers.map((descriptor, at) => ({ id: (isTold ? ids[at] : undefined) ?? descriptor.digest, descriptor }));
  return { before: known(before, old), after: known(after, current) };
}

function diffIds(config: ImageConfig | undefined): readonly string[] {
  return config?.rootfs?.diff_ids ?? [];
}

/** How many layers both images begin with. */
export function sharedDepth(before: readonly KnownLayer[], after: readonly KnownLayer[]): number {
  const differs = before.findIndex(({ id }, at) => after[at]?.id !== id);
  return differs < 0 ? before.length : differs;
}

/** What has become of each layer. */
export function diffLayers(before: readonly KnownLayer[], after: readonly KnownLayer[]): LayersDiff {
  const matches = matched(before, after);
  const taken = new Set(matches);
  const layers: LayerChange[] = [];
  for (let at = 0; at < Math.max(before.length, after.length); at++) {
    if (at < before.length && !taken.has(at)) layers.push({ kind: 'removed', before: placeOf(before, at) });
    if (at < after.length) layers.push(changeOf(placeOf(before, matches[at]), placeOf(after, at)));
  }
  return { layers, sizes: { before: sizeOf(before), after: sizeOf(after) } };
}

/** For each layer of the second image, the position that it has in the first one: its own place before others. */
function matched(before: readonly KnownLayer[], after: readonly KnownLayer[]): readonly (number | undefined)[] {
  const free = new Map<string, number[]>();
  for (const [at, { id }] of before.entries()) {
    if (after[at]?.id !== id) free.set(id, [...(free.get(id) ?? []), at]);
  }
  return after.map(({ id }, at) => (before[at]?.id === id ? at : free.get(id)?.shift()));
}

function placeOf(layers: readonly KnownLayer[], position: number | undefined): LayerPlace | undefined {
  const layer = position === undefined ? undefined : layers[position];
  if (layer === undefined || position === undefined) return undefined;
  const { digest, size, mediaType } = layer.descriptor;
  return { position, digest, size, mediaType };
}

function changeOf(before: LayerPlace | undefined, after: LayerPlace | undefined): LayerChange {
  if (before === undefined || after === undefined) return { kind: 'added', after };
  const isSame = before.digest === after.digest;
  const kind = before.position !== after.position ? 'moved' : isSame ? 'shared' : 'repacked';
  return { kind, before, after };
}

function sizeOf(layers: readonly KnownLayer[]): number {
  return layers.reduce((sum, { descriptor: { size } }) => sum + size, 0);
}
