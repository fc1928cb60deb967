/**
 * Names in a layout: the annotation of an entry is its tag. Other tools write whole references there
 * (`docker.io/library/alpine:3`: podman), or beside it (`io.containerd.image.name`: BuildKit); then the tag in it answers, too,
 * unless several images have it.
 */
import { OciError } from '../errors.ts';
import type { Descriptor } from '../model/descriptor.ts';
import { type Digest, isDigest } from '../model/digest.ts';
import { quote } from '../model/quote.ts';
import { byCodeUnit } from '../store/name-map.ts';

export const REF_NAME = 'org.opencontainers.image.ref.name';
export const CONTAINERD_NAME = 'io.containerd.image.name';

/** Tags, and whatever else the image-spec lets stand as a name. */
const grammar = /^\w[\w.:@+/-]{0,254}$/;

/** @throws OciError `REFERENCE_INVALID` */
export function checkName(name: string): string {
  if (grammar.test(name) && !isDigest(name)) return name;
  throw new OciError('REFERENCE_INVALID', `${quote(name, 80)} cannot be the name of an image in a layout`, {
    hint: 'a name is letters, digits and . _ - + : @ / between them',
  });
}

export function nameOf(entry: Descriptor): string | undefined {
  return entry.annotations?.[REF_NAME] ?? entry.annotations?.[CONTAINERD_NAME];
}

/**
 * The entries that a name stands for, of which the last is meant: tools that only append leave the older ones in place
 * (go-containerregistry). None when the name is unknown or says too little.
 */
export function entriesNamed(entries: readonly Descriptor[], name: string): readonly Descriptor[] {
  for (const isNamed of [has(REF_NAME, name), has(CONTAINERD_NAME, name)]) {
    const named = entries.filter(isNamed);
    if (named.length > 0) return named;
  }
  const tagged = entries.filter((entry) => tagsIn(entry).includes(name));
  return new Set(tagged.map(({ digest }) => digest)).size === 1 ? tagged : [];
}

function has(annotation: string, name: string): (entry: Descriptor) => boolean {
  return ({ annotations }) => annotations?.[annotation] === name;
}

function tagsIn({ annotations }: Descriptor): (string | undefined)[] {
  return [annotations?.[REF_NAME], annotations?.[CONTAINERD_NAME]].map((name) => name && tagIn(name));
}

/** `3` of `docker.io/library/alpine:3`. */
function tagIn(name: string): string | undefined {
  const tag = /:(\w[\w.-]{0,127})$/.exec(name)?.[1];
  return tag !== undefined && !name.includes('@') ? tag : undefined;
}

/** The names of a layout in lexical order: tags wherever a tag alone is enough. Those of the same entries are found out once. */
export function namesIn(entries: readonly Descriptor[]): readonly string[] {
  const before = known.get(entries);
  if (before !== undefined) return before;
  const meant = meaningsIn(entries);
  const names = new Set<string>();
  for (const entry of entries) {
    const name = nameOf(entry);
    if (name === undefined) continue;
    const tag = tagIn(name);
    names.add(tag !== undefined && meant(tag).has(entry.digest) ? tag : name);
  }
  const sorted = [...names].sort(byCodeUnit);
  known.set(entries, sorted);
  return sorted;
}

const known = new WeakMap<readonly Descriptor[], readonly string[]>();

type Meanings = Map<string, Set<Digest>>;

/** What `entriesNamed` answers, as digests: for whoever asks for every name there is. */
function meaningsIn(entries: readonly Descriptor[]): (name: string) => ReadonlySet<Digest> {
  const own: Meanings = new Map();
  const containerd: Meanings = new Map();
  const tagged: Meanings = new Map();
  for (const { annotations, digest } of entries) {
    for (const [meanings, name] of [
      [own, annotations?.[REF_NAME]],
      [containerd, annotations?.[CONTAINERD_NAME]],
    ] as const) {
      note(meanings, name, digest);
      note(tagged, name && tagIn(name), digest);
    }
  }
  return (name) => {
    const several = tagged.get(name);
    return own.get(name) ?? containerd.get(name) ?? (several?.size === 1 ? several : new Set());
  };
}

function note(meanings: Meanings, name: string | undefined, digest: Digest): void {
  if (name !== undefined) meanings.set(name, (meanings.get(name) ?? new Set()).add(digest));
}

/** An entry without its names. */
export function unnamed(entry: Descriptor): Descriptor {
  const { annotations, ...rest } = entry;
  const { [REF_NAME]: _ref, [CONTAINERD_NAME]: _containerd, ...others } = annotations ?? {};
  return Object.keys(others).length === 0 ? rest : { ...rest, annotations: others };
}
