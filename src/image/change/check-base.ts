/**
 * Is the base of an image still what the image was built on? The digest that the image tells is compared with what the base's name stands
 * for now; where it tells none, the layers of the two are. It asks as little as it can: of an index that tells its base, two requests
 * do. Who may be asked for a base that an image names, is for the caller to decide.
 */
import { collect, mapLimited } from '../../graph/collect.ts';
import { imageEntries } from '../../graph/entries.ts';
import { entryFor, imageConfig, nameOf, platformOfImage, requirePlatform } from '../../graph/select.ts';
import { rootOf } from '../../graph/root.ts';
import type { Call } from '../../model/call.ts';
import type { Annotations, Descriptor } from '../../model/descriptor.ts';
import { type Digest, parseDigest } from '../../model/digest.ts';
import { isIndex, type Manifest } from '../../model/manifest.ts';
import { isIndexType } from '../../model/media-types.ts';
import type { Platform } from '../../model/platform.ts';
import { formatReference, parseReference, withDefaultTag } from '../../model/reference.ts';
import type { Source } from '../../store/types.ts';
import { chooseImage } from '../choose.ts';
import { anyBuildOf, BASE_DIGEST, BASE_NAME, type BaseImage } from './rebase.ts';

export interface CheckBaseOptions extends Call {
  /** The base; or what opens it by the whole name that an image tells (annotation `org.opencontainers.image.base.name`). */
  readonly base: BaseImage | ((name: string) => BaseImage | Promise<BaseImage>);
  /** What the base was when the image was built; unless told, what the annotation `org.opencontainers.image.base.digest` says. */
  readonly baseDigest?: Digest | undefined;
  /** Only the images for these platforms; all of an index unless told. */
  readonly platforms?: readonly Platform[] | undefined;
  /** Images at a time; 4 unless told. */
  readonly concurrency?: number | undefined;
}

/** `unknown`: neither the caller nor the image tells the base. */
export type BaseOutcome = 'current' | 'stale' | 'unknown';

/** What is known of one image's base. */
export interface CheckedBase {
  /** With its platform where an index tells it. */
  readonly image: Descriptor;
  readonly outcome: BaseOutcome;
  /** What was compared: the digests of the base then and now, or the layers of the image and those of the base. */
  readonly by?: 'digest' | 'layers' | undefined;
  /** The whole name of the base, where the image tells it. */
  readonly name?: string | undefined;
  /** What the base was when the image was built. */
  readonly built?: Digest | undefined;
  /** What the base is now. */
  readonly now?: Digest | undefined;
}

export interface BaseCheck {
  readonly root: Descriptor;
  /** `stale` when one of the images is, else `unknown` when the base of one is. */
  readonly outcome: BaseOutcome;
  readonly images: readonly CheckedBase[];
}

/**
 * Compares an image, or those of an index, with their bases as these are now. A digest that an image tells may be that of the base's index
 * or of one image in it. What an index says of an image, in its entry or of all, is taken before the image's own word.
 * @example
 * const { outcome } = await checkBase(repository, '1', { base: (name) => ({ source: client.repository(name), reference: 'latest' }) });
 * @throws OciError `NOT_FOUND` when the image or its base is not there, or not for a platform; `REFERENCE_INVALID` and `DIGEST_INVALID`
 * for annotations that are neither; and whatever the sources throw
 */
export async function checkBase(
  source: Source,
  reference: string | Descriptor,
  options: CheckBaseOptions,
): Promise<BaseCheck> {
  const { signal, on, concurrency = 4 } = options;
  const call: Call = { signal, on };
  const root = await source.manifest(reference, call);
  const run: Run = { source, root, options, call, bases: new Map() };
  const entries = await imagesOf(run, reference);
  const images = await collect(mapLimited(entries, concurrency, (entry) => checkImage(run, entry)));
  return { root: root.descriptor, outcome: outcomeOf(images), images };
}

interface Run {
  readonly source: Source;
  readonly root: Manifest;
  readonly options: CheckBaseOptions;
  readonly call: Call;
  /** By their names: images of an index mostly have one in common. */
  readonly bases: Map<string | undefined, Promise<Base>>;
}

/** A base, which is asked once, whatever for. */
interface Base {
  readonly source: Source;
  /** What it stands for, by the cheapest request: a HEAD, in a registry. */
  readonly now: () => Promise<Descriptor>;
  readonly root: () => Promise<Manifest>;
}

async function imagesOf({ source, root, options, call }: Run, reference: string | Descriptor): Promise<Descriptor[]> {
  const { platforms = [] } = options;
  const name = nameOf(source, root, reference);
  if (!isIndex(root)) {
    for (const platform of platforms) await requirePlatform(source, root, platform, name, call);
    return [root.descriptor];
  }
  const entries = await collect(imageEntries(source, root, call));
  return platforms.length === 0 ? entries : [...new Set(platforms.map((one) => entryFor(entries, one, name)))];
}

function outcomeOf(images: readonly CheckedBase[]): BaseOutcome {
  const outcomes = new Set(images.map(({ outcome }) => outcome));
  if (outcomes.has('stale')) return 'stale';
  return outcomes.has('unknown') || images.length === 0 ? 'unknown' : 'current';
}

async function checkImage(run: Run, image: Descriptor): Promise<CheckedBase> {
  const { base: given } = run.options;
  const { name, built } = await toldBase(run, image);
  if (name === undefined && typeof given === 'function') return { image, outcome: 'unknown', built };
  const base = await baseOf(run, name);
  const checked = { image, name, built };
  if (built === undefined) {
    const isCurrent = await standsOn(run, image, base);
    return {
      ...checked,
      outcome: isCurrent ? 'current' : 'stale',
      by: 'layers',
      now: (await base.root()).descriptor.digest,
    };
  }
  const now = await base.now();
  const isCurrent = now.digest === built || (await lists(base, now, built));
  return { ...checked, outcome: isCurrent ? 'current' : 'stale', by: 'digest', now: now.digest };
}

interface Told {
  /** The whole name, with the tag that moves. */
  readonly name?: string | undefined;
  readonly built?: Digest | undefined;
}

/** What is told of an image's base; the image itself is read only where that is not all. */
async function toldBase(run: Run, image: Descriptor): Promise<Told> {
  const { root, options } = run;
  const near = { ...root.document.annotations, ...image.annotations };
  const isAll = (told: Told): boolean =>
    (told.name !== undefined || typeof options.base !== 'function') && told.built !== undefined;
  const told = readAnnotations(near, options);
  if (isAll(told)) return told;
  const { document } = await manifestOf(run, image);
  return readAnnotations({ ...document.annotations, ...near }, options);
}

/** A name may be pinned (`alpine:3@sha256:…`): then its tag is what moves, and its digest what was built on. */
function readAnnotations(annotations: Annotations, { base, baseDigest }: CheckBaseOptions): Told {
  const { [BASE_NAME]: text, [BASE_DIGEST]: digest } = annotations;
  const told = digest === undefined ? undefined : parseDigest(digest);
  if (text === undefined || typeof base !== 'function') return { built: baseDigest ?? told };
  const { digest: pinned, ...reference } = withDefaultTag(parseReference(text));
  const name = formatReference(reference.tag === undefined && pinned ? { ...reference, digest: pinned } : reference);
  return { name, built: baseDigest ?? told ?? pinned };
}

function baseOf({ options, call, bases }: Run, name: string | undefined): Promise<Base> {
  const known = bases.get(name) ?? openBase(options.base, name, call);
  bases.set(name, known);
  return known;
}

async function openBase(base: CheckBaseOptions['base'], name: string | undefined, call: Call): Promise<Base> {
  const { source, reference } = typeof base === 'function' ? await base(name ?? '') : base;
  let now: Promise<Descriptor> | undefined;
  let root: Promise<Manifest> | undefined;
  return {
    source,
    now: () => (now ??= rootOf(source, reference, call)),
    root: () => (root ??= Promise.resolve(now ?? reference).then((known) => source.manifest(known, call))),
  };
}

/** Is it an index with this image in it? Tools that build for one platform tell the digest of that platform's base. */
async function lists(base: Base, { mediaType }: Descriptor, image: Digest): Promise<boolean> {
  if (!isIndexType(mediaType)) return false;
  return (await base.root()).links.some(({ descriptor }) => descriptor.digest === image);
}

/** Does the image begin with the layers that its base has now? What was compressed anew is known by what it unpacks to. */
async function standsOn(run: Run, image: Descriptor, base: Base): Promise<boolean> {
  const { source, call } = run;
  const own = await manifestOf(run, image);
  const root = await base.root();
  const platform = isIndex(root) ? (image.platform ?? (await platformOfImage(source, own, call))) : undefined;
  const chosen = await chooseImage(base.source, root.descriptor, {
    ...call,
    platform: platform && anyBuildOf(platform),
  });
  const [above, below] = [layersOf(own), layersOf(chosen.image)];
  if (beginsWith(above, below)) return true;
  if (below.length > above.length) return false;
  const [ids, baseIds] = await Promise.all([diffIdsOf(source, own, call), diffIdsOf(base.source, chosen.image, call)]);
  return ids !== undefined && baseIds !== undefined && beginsWith(ids, baseIds);
}

function manifestOf({ source, root, call }: Run, image: Descriptor): Promise<Manifest> {
  return image.digest === root.descriptor.digest ? Promise.resolve(root) : source.manifest(image, call);
}

function layersOf({ links }: Manifest): readonly Digest[] {
  return links.flatMap(({ role, descriptor }) => (role === 'layer' ? descriptor.digest : []));
}

async function diffIdsOf(source: Source, image: Manifest, call: Call): Promise<readonly string[] | undefined> {
  return (await imageConfig(source, image, call))?.rootfs?.diff_ids;
}

function beginsWith(all: readonly string[], first: readonly string[]): boolean {
  return first.every((one, at) => one === all[at]);
}
