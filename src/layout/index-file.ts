/**
 * `index.json` and `oci-layout` as documents. What we do not know of them is kept as it stands; a document that cannot be
 * read is an error, so that it is never replaced by one that lacks its entries.
 */
import { isOciError, OciError } from '../errors.ts';
import { readAll } from '../bytes/read.ts';
import type { Call } from '../model/call.ts';
import { type Descriptor, isObject, parseDescriptor } from '../model/descriptor.ts';
import { OCI_INDEX } from '../model/media-types.ts';
import { parseStrictJson } from '../model/strict-json.ts';
import { INDEX_FILE, MARKER_FILE } from './paths.ts';
import type { ReadTree, WriteTree } from './tree.ts';

/** The largest index.json that is read, in bytes: some ten thousand entries. */
export const MAX_INDEX_BYTES: number = 32 * 1024 * 1024;
const MAX_MARKER_BYTES = 64 * 1024;

/** A read `index.json`. */
export interface LayoutIndex {
  readonly document: Readonly<Record<string, unknown>>;
  /** Its `manifests`, checked; unknown fields stand in them still. */
  readonly entries: readonly Descriptor[];
}

export const EMPTY_INDEX: LayoutIndex = {
  document: { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [] },
  entries: [],
};
export const MARKER: Uint8Array = encode({ imageLayoutVersion: '1.0.0' });

/** The index of a layout; undefined: there is none. */
export type IndexReader = (options: Call) => Promise<LayoutIndex | undefined>;

/** A layout's index, and what is remembered of it. */
export interface KnownIndex {
  readonly index: IndexReader;
  /** Takes note of what was just written: it need not be parsed when it is read. */
  readonly wrote: (encoded: EncodedIndex) => void;
}

/**
 * Reads the index of a layout each time it is asked, since other processes write it, and parses it when it has changed.
 * The reader throws OciError `LAYOUT_INVALID`.
 */
export function indexReader(tree: ReadTree): KnownIndex {
  let known: EncodedIndex | undefined;
  return {
    async index(options) {
      await checkMarker(tree, options);
      const bytes = await readSmall(tree, INDEX_FILE, MAX_INDEX_BYTES, options);
      if (bytes === undefined) return undefined;
      if (known === undefined || !isSame(bytes, known.bytes)) known = { bytes, index: parseIndex(bytes, tree.name) };
      return known.index;
    },
    wrote(encoded) {
      known = encoded;
    },
  };
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
  return true;
}

/** A layout without its marker is read (some tools forget it), one of another version is not. */
async function checkMarker(tree: ReadTree, options: Call): Promise<void> {
  const bytes = await readSmall(tree, MARKER_FILE, MAX_MARKER_BYTES, options);
  if (bytes === undefined) return;
  const marker = parse(bytes, tree.name, MARKER_FILE);
  const version = isObject(marker) ? marker.imageLayoutVersion : undefined;
  if (typeof version === 'string' && /^1\.\d+\.\d+$/.test(version)) return;
  throw invalid(tree.name, `${MARKER_FILE} does not say that this is a layout of version 1`);
}

async function readSmall(tree: ReadTree, path: string, limit: number, options: Call): Promise<Uint8Array | undefined> {
  try {
    return await readAll(tree.read(path, 0, limit + 1, options), limit, `${tree.name}/${path}`);
  } catch (error) {
    if (isOciError(error, 'NOT_FOUND')) return undefined;
    throw error;
  }
}

/** @throws OciError `LAYOUT_INVALID` */
export function parseIndex(bytes: Uint8Array, name: string): LayoutIndex {
  const document = parse(bytes, name, INDEX_FILE);
  if (!isObject(document)) throw invalid(name, `${INDEX_FILE} is not a JSON object`);
  if (document.schemaVersion !== 2) throw invalid(name, `the schemaVersion of ${INDEX_FILE} is not 2`);
  const { manifests } = document;
  if (!Array.isArray(manifests)) throw invalid(name, `the manifests of ${INDEX_FILE} are not a list`);
  try {
    return { document, entries: manifests.map((entry, at) => parseDescriptor(entry, `manifests[${at}]`)) };
  } catch (error) {
    throw invalid(name, `${INDEX_FILE}: ${error instanceof Error ? error.message : ''}`, error);
  }
}

function parse(bytes: Uint8Array, name: string, file: string): unknown {
  try {
    return parseStrictJson(bytes);
  } catch (error) {
    throw invalid(name, `${file} cannot be read: ${error instanceof Error ? error.message : ''}`, error);
  }
}

/** An index with its bytes. */
export interface EncodedIndex {
  readonly bytes: Uint8Array;
  readonly index: LayoutIndex;
}

/**
 * An index with other entries. It is read back before it is given out: what could not be read again must not be written.
 * @throws OciError `LIMIT`
 */
export function encodeIndex({ document }: LayoutIndex, entries: readonly Descriptor[], name: string): EncodedIndex {
  const bytes = encode({ ...document, manifests: entries });
  try {
    if (bytes.length <= MAX_INDEX_BYTES) return { bytes, index: parseIndex(bytes, name) };
  } catch (cause) {
    throw new OciError('LIMIT', `${name}: ${INDEX_FILE} would grow beyond what can be read`, { cause });
  }
  throw new OciError('LIMIT', `${name}: ${INDEX_FILE} would grow beyond ${MAX_INDEX_BYTES} bytes`);
}

/** Writes the index with other entries; only under the lock. @throws OciError `LIMIT`, `DISK_FULL`, `IO` */
export async function replaceIndex(
  { tree, wrote }: Pick<KnownIndex, 'wrote'> & { readonly tree: WriteTree },
  index: LayoutIndex,
  entries: readonly Descriptor[],
): Promise<void> {
  const encoded = encodeIndex(index, entries, tree.name);
  await tree.replace(INDEX_FILE, encoded.bytes);
  wrote(encoded);
}

function encode(document: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(document));
}

function invalid(name: string, problem: string, cause?: unknown): OciError {
  return new OciError('LAYOUT_INVALID', `${name} is not a valid image layout: ${problem}`, {
    hint: 'the layout was damaged or is something else; nothing was written to it',
    cause,
  });
}
