/** An index in the other family of media types, once its images are: and the indexes that it holds. */
import type { Call } from '../../model/call.ts';
import type { Descriptor } from '../../model/descriptor.ts';
import { type ImageIndex, isIndex, type Manifest } from '../../model/manifest.ts';
import { DOCKER_LIST, isIndexType, OCI_INDEX } from '../../model/media-types.ts';
import type { Platform } from '../../model/platform.ts';
import { overlay } from '../../store/overlay.ts';
import type { Source } from '../../store/types.ts';
import type { Changed } from './change.ts';
import { leadingTo, manifestOf } from './change-image.ts';
import { requireFamily } from '../index/document.ts';
import type { Family } from '../layer/types.ts';

export interface ConvertedIndex {
  readonly source: Source;
  readonly root: Descriptor;
  readonly dropped: readonly Descriptor[];
  readonly lostAnnotations: ReadonlySet<string>;
}

interface Conversion {
  readonly source: Source;
  readonly family: Family;
  readonly call: Call;
  /** Of images, by digest: docker's lists tell one of each. */
  readonly platforms: ReadonlyMap<string, Platform>;
  readonly made: Manifest[];
  readonly dropped: Descriptor[];
  readonly lost: Set<string>;
}

const mediaTypes = { oci: OCI_INDEX, docker: DOCKER_LIST } as const;

/**
 * Converts an index whose images have been converted.
 * @throws OciError `UNSUPPORTED` for what a list of docker's cannot hold
 */
export async function convertIndex(
  { source, images }: Changed,
  root: Manifest & { readonly document: ImageIndex },
  family: Family,
  call: Call,
): Promise<ConvertedIndex> {
  const told = images.flatMap(({ to, platform }): [string, Platform][] => (platform ? [[to.digest, platform]] : []));
  const platforms = new Map(told);
  const conversion: Conversion = { source, family, call, platforms, made: [], dropped: [], lost: new Set() };
  const next = await converted(root, conversion);
  const { made: manifests, dropped, lost } = conversion;
  return { source: overlay(source, { manifests }), root: next, dropped, lostAnnotations: lost };
}

/** The document in another media type, which is told where documents tell it. */
export function inMediaType<T extends { readonly schemaVersion: 2; readonly mediaType?: string }>(
  document: T,
  mediaType: string,
): T {
  return Object.assign({ schemaVersion: document.schemaVersion, mediaType }, document, { mediaType });
}

async function converted(index: Manifest & { readonly document: ImageIndex }, all: Conversion): Promise<Descriptor> {
  const { document } = index;
  const mediaType = mediaTypes[all.family];
  const before = document.manifests;
  const entries: Descriptor[] = [];
  for (const entry of before) entries.push(...(await entryOf(entry, all)));
  const isSame = entries.length === before.length && entries.every((entry, at) => entry === before[at]);
  if (isSame && index.descriptor.mediaType === mediaType) return index.descriptor;
  const typed = index.descriptor.mediaType === mediaType ? document : inMediaType(document, mediaType);
  const next = manifestOf(withoutLost({ ...typed, manifests: entries }, all), index);
  requireFamily(next);
  all.made.push(next);
  return next.descriptor;
}

function withoutLost(document: ImageIndex, { family, lost }: Conversion): ImageIndex {
  const { annotations, ...rest } = document;
  if (family === 'oci' || annotations === undefined) return document;
  for (const name of Object.keys(annotations)) lost.add(name);
  return rest;
}

async function entryOf(entry: Descriptor, all: Conversion): Promise<readonly Descriptor[]> {
  const next = isIndexType(entry.mediaType) ? await nested(entry, all) : entry;
  if (all.family === 'oci') return [next];
  const { annotations, ...rest } = next;
  if (annotations?.['vnd.docker.reference.type'] !== undefined) {
    all.dropped.push(entry);
    return [];
  }
  const platform = next.platform ?? all.platforms.get(next.digest);
  if (annotations === undefined && platform === next.platform) return [next];
  for (const name of Object.keys(annotations ?? {})) all.lost.add(name);
  return [{ ...rest, ...(platform === undefined ? {} : { platform }) }];
}

async function nested(entry: Descriptor, all: Conversion): Promise<Descriptor> {
  const manifest = await all.source.manifest(entry, all.call);
  if (!isIndex(manifest)) return entry;
  const next = await converted(manifest, all);
  return next.digest === entry.digest ? entry : leadingTo(entry, next);
}
