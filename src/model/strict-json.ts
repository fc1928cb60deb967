/**
 * JSON that every reader reads the same: UTF-8 without a byte order mark or lone surrogates, no key twice, no field of the
 * specification in another case (Go's decoder folds case), bounded depth. `JSON.parse` does the reading; this only looks
 * for what it hides.
 */
import { OciError } from '../errors.ts';
import { quote } from './quote.ts';

const MAX_DEPTH = 64;
const MAX_KEYS = 100_000;

/** What is read. A manifest is held to more: no field in another case at all, and whole numbers only. */
export type StrictDocument = 'manifest' | 'image config' | 'manifest.json';

/**
 * @throws OciError `MANIFEST_INVALID`
 */
export function parseStrictJson(bytes: Uint8Array, document: StrictDocument = 'manifest'): unknown {
  try {
    const text = decode(bytes);
    checkStructure(text, document === 'manifest');
    return JSON.parse(text);
  } catch (cause) {
    if (cause instanceof Problem) throw invalid(document, cause.message);
    throw invalid(document, 'it is not JSON', cause);
  }
}

/** What is wrong with the text; the caller names the document. */
class Problem extends Error {}

function decode(bytes: Uint8Array): string {
  if (bytes[0] === 0xef && bytes[1] === 0xbb) throw new Problem('it starts with a byte order mark');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Problem('it is not UTF-8');
  }
}

interface Level {
  /** The keys seen in this object, as far as readers tell them apart; undefined in an array. */
  readonly keys: Set<string> | undefined;
  /** Keys are the user's own words (annotations, labels): readers tell case apart. */
  readonly isMap: boolean;
  expectsKey: boolean;
  /** The key whose value is being read. */
  key: string;
}

const bottom: Level = { keys: undefined, isMap: false, expectsKey: false, key: '' };

/** One pass over the text: depth, keys, surrogates and numbers. It leaves every other mistake to `JSON.parse`. */
function checkStructure(text: string, isManifest: boolean): void {
  const levels: Level[] = [];
  let keys = 0;
  for (let at = 0; at < text.length; at++) {
    const level = levels.at(-1) ?? bottom;
    switch (text[at]) {
      case '{':
      case '[':
        if (levels.length >= MAX_DEPTH) throw new Problem(`it is nested deeper than ${MAX_DEPTH}`);
        levels.push(openLevel(level, text[at] === '{'));
        break;
      case '}':
      case ']':
        levels.pop();
        break;
      case ',':
        level.expectsKey = level.keys !== undefined;
        break;
      case '"': {
        const end = stringEnd(text, at);
        const literal = text.slice(at, end + 1);
        if (level.expectsKey) {
          if (++keys > MAX_KEYS) throw new Problem(`it has more than ${MAX_KEYS} keys`);
          addKey(level, decodeString(literal), isManifest);
        } else if (literal.includes('\\u')) decodeString(literal);
        at = end;
        break;
      }
      case '.':
      case 'e':
      case 'E':
        if (isManifest && WHOLE.has(level.key) && /\d/.test(text[at - 1] ?? ''))
          throw new Problem(`${level.key} is not written as a whole number`);
        break;
    }
  }
}

function openLevel(parent: Level, isObject: boolean): Level {
  const isMap = isObject && (parent.key === 'annotations' || parent.key === 'labels');
  return { keys: isObject ? new Set() : undefined, isMap, expectsKey: isObject, key: '' };
}

function stringEnd(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x5c) at++;
    else if (code === 0x22) return at;
  }
  throw new Problem('a string does not end');
}

/** @returns what a string literal says; Go reads a lone surrogate as another character, so there may be none. */
function decodeString(literal: string): string {
  const value: unknown = JSON.parse(literal);
  if (/\p{Surrogate}/u.test(String(value))) throw new Problem('a string has a lone surrogate');
  return String(value);
}

function addKey(level: Level, key: string, isManifest: boolean): void {
  level.expectsKey = false;
  level.key = fold(key);
  const field = level.isMap ? undefined : FIELDS.get(level.key);
  if (isManifest && field !== undefined && field !== key)
    throw new Problem(`the key ${quote(key, 80)} is not ${field}`);
  const name = field ?? key;
  if (level.keys?.has(name) === true) throw new Problem(`the key ${quote(key, 80)} stands twice`);
  level.keys?.add(name);
}

/** Go's decoder folds more than ASCII: the long s is an s, the Kelvin sign a k. */
function fold(key: string): string {
  return key.toUpperCase().toLowerCase();
}

/** The fields of the specifications that something hangs on, by what readers that fold case take for them. */
const FIELDS: ReadonlyMap<string, string> = new Map(
  ['schemaVersion', 'mediaType', 'artifactType', 'config', 'layers', 'manifests', 'subject', 'annotations', 'digest']
    .concat(['size', 'urls', 'data', 'platform', 'architecture', 'os', 'os.version', 'variant'])
    .concat(['fsLayers', 'blobSum', 'history', 'v1Compatibility', 'signatures', 'rootfs', 'diff_ids'])
    .map((field) => [fold(field), field]),
);

/** Fields whose numbers Go refuses in any other form. */
const WHOLE: ReadonlySet<string> = new Set(['size', 'schemaVersion'].map(fold));

function invalid(document: StrictDocument, problem: string, cause?: unknown): OciError {
  return new OciError('MANIFEST_INVALID', `not a valid ${document}: ${problem}`, { cause });
}
