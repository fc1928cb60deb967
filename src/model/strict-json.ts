/**
 * JSON that every reader reads the same: UTF-8 without a byte order mark, no duplicate keys, no keys that differ only in
 * case from another (Go's decoder folds case), bounded depth. `JSON.parse` does the reading; this only looks for what it hides.
 */
import { OciError } from '../errors.ts';

const MAX_DEPTH = 64;
const MAX_KEYS = 100_000;

/**
 * @throws OciError `MANIFEST_INVALID`
 */
export function parseStrictJson(bytes: Uint8Array): unknown {
  const text = decode(bytes);
  checkStructure(text);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw invalid('it is not JSON', cause);
  }
}

function decode(bytes: Uint8Array): string {
  if (bytes[0] === 0xef && bytes[1] === 0xbb) throw invalid('it starts with a byte order mark');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw invalid('it is not UTF-8', cause);
  }
}

interface Level {
  /** The keys seen in this object, folded; undefined in an array. */
  readonly keys: Set<string> | undefined;
  expectsKey: boolean;
}

/** One pass over the text: depth and keys. It leaves every other mistake to `JSON.parse`. */
function checkStructure(text: string): void {
  const levels: Level[] = [];
  let keys = 0;
  for (let at = 0; at < text.length; at++) {
    const level = levels.at(-1);
    switch (text.charCodeAt(at)) {
      case 0x7b: // {
      case 0x5b: // [
        if (levels.length >= MAX_DEPTH) throw invalid(`it is nested deeper than ${MAX_DEPTH}`);
        levels.push(text[at] === '{' ? { keys: new Set(), expectsKey: true } : { keys: undefined, expectsKey: false });
        break;
      case 0x7d: // }
      case 0x5d: // ]
        levels.pop();
        break;
      case 0x2c: // ,
        if (level?.keys !== undefined) level.expectsKey = true;
        break;
      case 0x22: {
        const end = stringEnd(text, at);
        if (level?.expectsKey === true) {
          level.expectsKey = false;
          if (++keys > MAX_KEYS) throw invalid(`it has more than ${MAX_KEYS} keys`);
          addKey(level.keys, text.slice(at, end + 1));
        }
        at = end;
        break;
      }
    }
  }
}

function stringEnd(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x5c) at++;
    else if (code === 0x22) return at;
  }
  throw invalid('a string does not end');
}

function addKey(seen: Set<string> | undefined, literal: string): void {
  let key: unknown;
  try {
    key = JSON.parse(literal);
  } catch (cause) {
    throw invalid('a key is not a string', cause);
  }
  const folded = fold(String(key));
  if (seen?.has(folded) === true) throw invalid(`the key ${literal.slice(0, 80)} stands twice`);
  seen?.add(folded);
}

const FIELDS = new Set(
  [
    'schemaVersion',
    'mediaType',
    'artifactType',
    'config',
    'layers',
    'manifests',
    'subject',
    'annotations',
    'digest',
    'size',
  ]
    .concat(['urls', 'data', 'platform', 'architecture', 'os', 'variant', 'fsLayers', 'history', 'signatures'])
    .map((field) => field.toLowerCase()),
);

/** Annotation and label keys may differ in case alone; fields of the specification may not. */
function fold(key: string): string {
  const lower = key.toLowerCase();
  return FIELDS.has(lower) ? lower : key;
}

function invalid(problem: string, cause?: unknown): OciError {
  return new OciError('MANIFEST_INVALID', `not a valid manifest: ${problem}`, { cause });
}
