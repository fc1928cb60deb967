/** The documents of the protocol, read with suspicion: what a registry says becomes a path or a result only when it is one. */
import { OciError } from '../errors.ts';
import { isObject } from '../model/descriptor.ts';
import { quote } from '../model/quote.ts';
import { isTag } from '../model/reference.ts';

/** An image of a repository, as the index lists it (docker-io_api, "List user repository images"). */
export interface V1Image {
  /** 64 hex digits. */
  readonly id: string;
  /** What the index was told of the layer; in which of several ways it was computed, nobody says. */
  readonly checksum?: string | undefined;
}

/** Told of what was left out of a list. */
export type Skipped = (text: string) => void;

/** Is it the id of an image? */
export function isImageId(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
}

/**
 * Checks the id of an image.
 * @returns the id
 * @throws OciError `REFERENCE_INVALID`
 */
export function checkImageId(id: string): string {
  if (isImageId(id)) return id;
  throw new OciError('REFERENCE_INVALID', `${quote(id, 80)} is not the id of an image`, {
    hint: 'it is 64 hex digits, not shortened: a tag leads to it',
  });
}

export function parseImages(json: unknown, what: string, skipped: Skipped): readonly V1Image[] {
  const images: V1Image[] = [];
  const wrong: unknown[] = [];
  for (const entry of listOf(json, what)) {
    const { id, checksum } = isObject(entry) ? entry : {};
    if (!isImageId(id)) wrong.push(id ?? entry);
    else images.push({ id, ...(typeof checksum === 'string' && checksum !== '' ? { checksum } : {}) });
  }
  tell(wrong, what, skipped);
  return images;
}

/** A map from tag to image (registry_api), or a list of both (hub_registry_spec). */
export function parseTags(json: unknown, what: string, skipped: Skipped): Readonly<Record<string, string>> {
  if (!isObject(json) && !Array.isArray(json)) throw notAsPromised(what);
  const pairs: (readonly [unknown, unknown])[] = Array.isArray(json)
    ? json.map((entry: unknown) => (isObject(entry) ? [entry.name, entry.layer] : [undefined, entry]))
    : Object.entries(json);
  const isSound = ([tag, id]: readonly [unknown, unknown]): boolean =>
    typeof tag === 'string' && isTag(tag) && isImageId(id);
  const wrong = pairs.filter((pair) => !isSound(pair)).map(([tag]) => tag);
  tell(wrong, what, skipped);
  return Object.fromEntries(pairs.filter(isSound)) as Readonly<Record<string, string>>;
}

export function parseImageId(json: unknown, what: string): string {
  if (isImageId(json)) return json;
  throw notAsPromised(what);
}

/** An image and its parents: itself first, and nobody twice (registry_api, "Get image ancestry"). */
export function parseAncestry(json: unknown, id: string, what: string): readonly string[] {
  const ids = listOf(json, what);
  if (ids[0] === id && ids.every(isImageId) && new Set(ids).size === ids.length) return ids;
  throw notAsPromised(what);
}

export function listOf(json: unknown, what: string): readonly unknown[] {
  if (Array.isArray(json)) return json;
  throw notAsPromised(what);
}

/** The error for an answer that is JSON, but not that document. */
export function notAsPromised(what: string): OciError {
  return new OciError('PROTOCOL', `the answer is not ${what}`, {
    hint: 'the registry does not speak the v1 protocol as it is documented',
  });
}

function tell(wrong: readonly unknown[], what: string, skipped: Skipped): void {
  if (wrong.length === 0) return;
  // Only a text is shown: a list may be nested too deep to be written as JSON again.
  const example = wrong.find((entry) => typeof entry === 'string');
  skipped(`skipped ${wrong.length} entries in ${what}${example === undefined ? '' : `, e.g. ${quote(example, 80)}`}`);
}
