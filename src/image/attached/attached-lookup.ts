/** The places where something that hangs on a manifest can be known from, each asked by itself. */
import type { Call } from '../../model/call.ts';
import type { Annotations, Descriptor } from '../../model/descriptor.ts';
import type { Digest } from '../../model/digest.ts';
import { isIndex, type Manifest } from '../../model/manifest.ts';
import type { Platform } from '../../model/platform.ts';
import { collect, mapLimited, take } from '../../graph/collect.ts';
import {
  attachedDescriptor,
  DIGEST_TAG_KINDS,
  digestTagged,
  type DigestTagKind,
  referrersTagOf,
} from '../../graph/digest-tags.ts';
import { isUnreadable } from '../../graph/unreadable.ts';
import type { Source } from '../../store/types.ts';
import type { Attached } from './attachment.ts';

/** A manifest that things may hang on. */
export interface Subject {
  readonly descriptor: Descriptor;
  readonly platform?: Platform | undefined;
  /** The entries of an index that attest something of it. */
  readonly attestations: readonly Descriptor[];
}

export type Found = Omit<Attached, 'subject' | 'depth' | 'platform'>;

/** Asks one of the places. */
export type Lookup = (source: Source, call: Call) => Promise<readonly Found[]>;

/** Everything that has to be asked about a manifest. */
export function lookups({ descriptor, attestations }: Subject): readonly Lookup[] {
  return [
    (source, call) => referrersOf(source, descriptor, call),
    ...DIGEST_TAG_KINDS.map(
      (kind): Lookup =>
        (source, call) =>
          taggedOf(source, descriptor.digest, kind, call),
    ),
    ...attestations.map(
      (entry): Lookup =>
        async (source, call) => [await attestationOf(source, entry, call)],
    ),
  ];
}

/** One more than all that is taken of one list. */
export const MAX_LISTED: number = 10_001;
/** Manifests of one list read at a time. */
const AT_ONCE = 4;

/** By the API, and by the list under the tag: what was attached before a registry had the API may stand there alone. */
async function referrersOf(source: Source, subject: Descriptor, call: Call): Promise<readonly Found[]> {
  const [listed, tagged] = await Promise.all([
    collect(take(source.referrers(subject, call), MAX_LISTED)),
    underFallbackTag(source, subject.digest, call),
  ]);
  const all = new Map<Digest, Descriptor>([...tagged, ...listed].map((one) => [one.digest, one]));
  const inTag = new Set<Digest>(tagged.map(({ digest }) => digest));
  return [...all.values()].map((descriptor) => ({
    descriptor,
    scheme: inTag.has(descriptor.digest) ? 'fallback-tag' : 'referrers',
    ...predicates([descriptor.annotations]),
  }));
}

/** Anything but an index is no list, as for everybody else who reads it. */
async function underFallbackTag(source: Source, subject: Digest, call: Call): Promise<readonly Descriptor[]> {
  const list = await source.resolve(referrersTagOf(subject), call);
  const manifest = list && (await readIf(source, list, call));
  if (manifest === undefined || !isIndex(manifest)) return [];
  const entries = manifest.document.manifests.slice(0, MAX_LISTED);
  return collect(mapLimited(entries, AT_ONCE, (entry) => completed(source, entry, call)));
}

/** Some tools leave out what it is, or its annotations (go-containerregistry: sigstore/cosign#4641); its manifest has them. */
async function completed(source: Source, entry: Descriptor, call: Call): Promise<Descriptor> {
  const { annotations, ...rest } = entry;
  if (entry.artifactType !== undefined && annotations) return entry;
  const manifest = await readIf(source, entry, call);
  if (manifest === undefined) return entry;
  return { ...attachedDescriptor(manifest), ...rest, ...(annotations ? { annotations } : {}) };
}

/** A manifest that may be gone, be none, or not be what the entry says: who made the list may be anybody who may push. */
async function readIf(source: Source, descriptor: Descriptor, call: Call): Promise<Manifest | undefined> {
  try {
    return await source.manifest(descriptor, call);
  } catch (error) {
    if (isUnreadable(error)) return undefined;
    throw error;
  }
}

async function taggedOf(source: Source, subject: Digest, kind: DigestTagKind, call: Call): Promise<readonly Found[]> {
  const tagged = await digestTagged(source, subject, kind, call);
  if (tagged === undefined) return [];
  const { tag, descriptor, manifest } = tagged;
  return [{ descriptor, scheme: 'cosign', tag, manifest, ...predicatesIn(manifest) }];
}

/** The entry tells what it is about, its manifest what is attested. One that is gone is told all the same. */
async function attestationOf(source: Source, entry: Descriptor, call: Call): Promise<Found> {
  const manifest = await readIf(source, entry, call);
  const { platform: _, ...descriptor } = entry;
  const told = manifest && attachedDescriptor(manifest).artifactType;
  return {
    descriptor: { ...descriptor, ...(told === undefined ? {} : { artifactType: told }) },
    scheme: 'buildkit',
    manifest,
    ...predicatesIn(manifest),
  };
}

function predicatesIn(manifest: Manifest | undefined): Pick<Found, 'predicateTypes'> {
  const layers = (manifest?.links ?? []).map(({ descriptor }) => descriptor.annotations);
  return predicates([manifest?.document.annotations, ...layers]);
}

/** The annotations in which BuildKit, cosign, and sigstore's bundles tell what is attested. */
const PREDICATE_ANNOTATIONS = ['in-toto.io/predicate-type', 'predicateType', 'dev.sigstore.bundle.predicateType'];

function predicates(all: readonly (Annotations | null | undefined)[]): Pick<Found, 'predicateTypes'> {
  const found = all.flatMap((annotations) => PREDICATE_ANNOTATIONS.flatMap((name) => annotations?.[name] ?? []));
  return found.length === 0 ? {} : { predicateTypes: [...new Set(found)] };
}
