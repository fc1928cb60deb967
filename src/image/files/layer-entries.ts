/**
 * The entries of one layer as the image-spec means them ("Image Layer Filesystem Changeset"): names cleaned, whiteouts and opaque
 * markers told apart from files. What they do to the layers below is the tree's affair.
 */
import { isOciError, OciError } from '../../errors.ts';
import type { TarHeader } from '../../bytes/tar.ts';
import type { Bytes, Call } from '../../model/call.ts';
import type { Descriptor } from '../../model/descriptor.ts';
import { quote } from '../../model/quote.ts';

/**
 * `entry`: something that is there. `whiteout`: what lower layers have at the path is gone. `opaque`: what they have in this
 * directory is gone. `ignored`: bookkeeping of AUFS, which no image means.
 */
export type LayerEntryKind = 'entry' | 'whiteout' | 'opaque' | 'ignored';

export interface LayerEntry {
  /** Its place among all entries of the layer, from 0. */
  readonly index: number;
  readonly kind: LayerEntryKind;
  /** Relative, without `.` and `..`; empty for the root. Of a marker, what it hides. */
  readonly path: string;
  /** As the layer has it. */
  readonly header: TarHeader;
}

/** A file of a layer, on its way. */
export interface LayerBody {
  readonly entry: LayerEntry;
  /** To be read before the next one is asked for, or not at all. */
  readonly body: Bytes;
}

/**
 * What a merged file system asks of a layer. A plain archive is read from its beginning; a layer with a table of contents, or with
 * an index of its own, tells the same from less.
 */
export interface LayerReader {
  /** Names it in errors, too. */
  readonly descriptor: Descriptor;
  /**
   * All of its entries, in the order of the archive, of which a later one replaces an earlier one of the same path. A reader that has
   * them from a table of contents does not read the layer.
   * @throws OciError `LAYOUT_INVALID`, `TOO_LARGE`, `LIMIT`, and what the content throws
   */
  entries(call?: Call): AsyncIterable<LayerEntry>;
  /** The bytes of one file, proven before their end, from as little of the layer as can be. */
  read(entry: LayerEntry, call?: Call): Bytes;
  /** The bytes of many files, in the order of the archive. A reader of ranges may find that the whole layer is cheaper. */
  readMany(entries: readonly LayerEntry[], call?: Call): AsyncIterable<LayerBody>;
  /** Gives back what it holds. */
  close(): Promise<void>;
}

const WHITEOUT = '.wh.';
const OPAQUE = '.wh..wh..opq';
const AUFS = '.wh..wh.';

/** What a header of a layer means. @throws OciError `LAYOUT_INVALID` when its name leads out of the image */
export function layerEntry(header: TarHeader, index: number): LayerEntry {
  const path = cleanPath(header.name);
  const { type, linkname = '' } = header;
  if ((type === 'link' || type === 'symlink') && linkname === '') throw invalid(`${quote(path)} is a link to nothing`);
  const { folder, name } = splitPath(path);
  if (name === OPAQUE) return { index, kind: 'opaque', path: folder, header };
  if (name.startsWith(AUFS)) return { index, kind: 'ignored', path, header };
  if (!name.startsWith(WHITEOUT)) return { index, kind: 'entry', path, header };
  return { index, kind: 'whiteout', path: joinPath(folder, hiddenName(name)), header };
}

function hiddenName(marker: string): string {
  const name = marker.slice(WHITEOUT.length);
  // umoci removes the whole image on `.wh.` and `.wh..`, and leaves it with `.wh...`.
  if (name === '' || name === '.' || name === '..') throw invalid(`${quote(marker)} hides no name`);
  return name;
}

/**
 * A name as a path in the image: `/a`, `./a` and `b/../a` are `a`, as for Go's tools.
 * @throws OciError `LAYOUT_INVALID` when it climbs out: other tools put it in different places, or outside
 */
export function cleanPath(name: string): string {
  const clean: string[] = [];
  for (const part of pathNames(name)) {
    if (part !== '..') clean.push(part);
    else if (clean.pop() === undefined) throw invalid(`the name ${quote(name)} leads out of the image`);
  }
  return clean.join('/');
}

/** The names that a path goes through. */
export function pathNames(path: string): string[] {
  return path.split('/').filter((name) => name !== '' && name !== '.');
}

/** The folder of a path, which is empty for the root, and the last name. */
export function splitPath(path: string): { readonly folder: string; readonly name: string } {
  const slash = path.lastIndexOf('/');
  return { folder: path.slice(0, Math.max(0, slash)), name: path.slice(slash + 1) };
}

/** The path of a name in a folder. */
export function joinPath(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}

/** The error for a layer that no file system can come of. */
export function invalid(problem: string): OciError {
  return new OciError('LAYOUT_INVALID', `not a valid layer: ${problem}`);
}

/** Of what is wrong inside a layer, says which layer it is. */
export function inLayer(error: unknown, layer: string): unknown {
  if (!isOciError(error, 'LAYOUT_INVALID', 'TOO_LARGE', 'LIMIT')) return error;
  return new OciError(error.code, `layer ${layer}: ${error.message}`, { hint: error.hint, cause: error });
}
