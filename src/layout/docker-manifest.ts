/**
 * The two documents of an archive as `docker save` writes it: `manifest.json`, which every docker since 1.10 reads, and
 * `repositories`, which names the tops of the images for older tools.
 */
import { OciError } from '../errors.ts';
import { type Digest, digestHex } from '../model/digest.ts';
import { isObject } from '../model/descriptor.ts';
import { quote } from '../model/quote.ts';
import { familiarReference, parseReference, withDefaultTag } from '../model/reference.ts';
import { parseStrictJson } from '../model/strict-json.ts';
import { invalidArchive } from './archive-files.ts';

export const SAVED_MANIFEST = 'manifest.json';
export const SAVED_REPOSITORIES = 'repositories';

/** The largest manifest.json that is read, in bytes. */
export const MAX_SAVED_MANIFEST_BYTES: number = 8 * 1024 * 1024;
const MAX_IMAGES = 10_000;
const MAX_LAYERS = 10_000;

/** An entry of `manifest.json`. */
export interface SavedImage {
  /** The names of its files in the archive, the lowest layer first. */
  readonly config: string;
  readonly layers: readonly string[];
  /** Its `RepoTags`, in the form that docker shows: `alpine:3`, `ghcr.io/o/app:1`. */
  readonly names: readonly string[];
}

/**
 * A name as docker shows it: `docker.io/library/alpine` is `alpine:latest`.
 * @throws OciError `REFERENCE_INVALID`, `DIGEST_INVALID`
 */
export function savedName(text: string): string {
  const { domain, path, tag } = withDefaultTag(parseReference(text));
  return familiarReference({ domain, path, ...(tag === undefined ? {} : { tag }) });
}

/**
 * The same of a name for an image that is to be kept. A tag alone would be read as a repository, so that it has to be whole.
 * @throws OciError `REFERENCE_INVALID`, `DIGEST_INVALID`
 */
export function checkSavedName(text: string): string {
  if (parseReference(text).tag !== undefined) return savedName(text);
  throw new OciError('REFERENCE_INVALID', `${quote(text)} is no name for an image in a docker archive`, {
    hint: 'write the repository and the tag, for example alpine:3',
  });
}

/** @throws OciError `LAYOUT_INVALID` */
export function parseSavedManifest(bytes: Uint8Array, archive: string): readonly SavedImage[] {
  const wrong = (problem: string, cause?: unknown): Error =>
    invalidArchive(archive, `${SAVED_MANIFEST} ${problem}`, cause);
  let json: unknown;
  try {
    json = parseStrictJson(bytes, 'manifest.json');
  } catch (error) {
    throw wrong(`cannot be read: ${error instanceof Error ? error.message : ''}`, error);
  }
  if (!Array.isArray(json)) throw wrong('is not a list');
  if (json.length > MAX_IMAGES) throw wrong(`lists more than ${MAX_IMAGES} images`);
  return json.map((item, at) => imageOf(item, (problem, cause) => wrong(`[${at}] ${problem}`, cause)));
}

type Wrong = (problem: string, cause?: unknown) => Error;

function imageOf(item: unknown, wrong: Wrong): SavedImage {
  if (!isObject(item)) throw wrong('is not an object');
  const { Config: config, Layers: layers, RepoTags: names } = item;
  // Go's decoder would take it for the field.
  const strange = Object.keys(item).find((key) => !FIELDS.includes(key) && FIELDS.some((field) => isSame(field, key)));
  if (strange !== undefined) throw wrong(`has a field in another case: ${quote(strange, 80)}`);
  if (typeof config !== 'string' || config === '') throw wrong('names no Config');
  return { config, layers: texts(layers, 'Layers', MAX_LAYERS, wrong), names: namesOf(names, wrong) };
}

function isSame(field: string, key: string): boolean {
  return field.toUpperCase() === key.toUpperCase();
}

const FIELDS: readonly string[] = ['Config', 'Layers', 'RepoTags'];

/** Go writes null for an empty list. */
function texts(value: unknown, field: string, limit: number, wrong: Wrong): readonly string[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || !value.every((one) => typeof one === 'string'))
    throw wrong(`has ${field} that are no list of strings`);
  if (value.length > limit) throw wrong(`has more than ${limit} ${field}`);
  return value;
}

function namesOf(value: unknown, wrong: Wrong): readonly string[] {
  const tags = texts(value, 'RepoTags', MAX_IMAGES, wrong);
  try {
    // podman saves an image that is known by its digest under a name without a tag.
    const named = tags.filter((text) => !text.includes('@') || parseReference(text).tag !== undefined);
    return [...new Set(named.map(savedName))];
  } catch (error) {
    throw wrong(`has a RepoTag that is no reference: ${error instanceof Error ? error.message : ''}`, error);
  }
}

export function encodeSavedManifest(images: readonly SavedImage[]): Uint8Array {
  return encode(images.map(({ config, names, layers }) => ({ Config: config, RepoTags: names, Layers: layers })));
}

/** Repositories with their tags, each with the hex of its top layer, as docker 25 and later write it. */
export function encodeRepositories(tops: ReadonlyMap<string, Digest>): Uint8Array {
  const repositories = new Map<string, Map<string, string>>();
  for (const [name, top] of tops) {
    const colon = name.lastIndexOf(':');
    const tags = repositories.get(name.slice(0, colon)) ?? new Map<string, string>();
    repositories.set(name.slice(0, colon), tags.set(name.slice(colon + 1), digestHex(top)));
  }
  return encode(Object.fromEntries([...repositories].map(([name, tags]) => [name, Object.fromEntries(tags)])));
}

function encode(document: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(document));
}
