/**
 * The packages that differ between two images: what the files tell that differ. A database that only one image has written to stands in
 * the layers that they share for the other one, and is read there; of single packages that is asked only where all layers are read.
 */
import type { Call } from '../../model/call.ts';
import { locate } from '../files/tree.ts';
import { contentKey, type Contents, MAX_PACKAGE_FILE, type Want } from './contents.ts';
import type { ChangeKind } from './fields.ts';
import { findBelow, type HalfTree, sourceOf } from './half-tree.ts';
import type { LayerPool } from './layer-pool.ts';
import { DATABASES, type PackageFile, packageFileAt, packageFolderAt, type PlacedPackage } from './package-files.ts';
import type { PackageManager } from './package-formats.ts';
import { isThere, type Pair, type Place } from './pairs.ts';
import type { Trees } from './trees.ts';

/** A package that only one of the images has, or that is of another version. */
export interface PackageChange {
  readonly kind: ChangeKind;
  readonly manager: PackageManager;
  readonly name: string;
  /** The folder that it is installed in, where there may be many. */
  readonly place?: string | undefined;
  /** Versions; undefined where there is none, or where it is not known. */
  readonly before?: string | undefined;
  readonly after?: string | undefined;
  /** The layers that both images share were not read, and may have it in another version. */
  readonly unsure?: true | undefined;
}

/** A file of one of the images that tells of packages. */
interface Teller {
  readonly side: 'before' | 'after';
  /** What it is read by. */
  readonly want?: Want | undefined;
  /** Where what it tells of is installed. */
  readonly place?: string | undefined;
  /** In place of a file: all that is known. */
  readonly told?: PlacedPackage | undefined;
  readonly isUnsure: boolean;
}

/** Finds the files that are to be read. */
export async function packageTellers(
  pool: LayerPool,
  trees: Trees,
  pairs: Iterable<Pair>,
  call: Call,
): Promise<readonly Teller[]> {
  const tellers: Teller[] = [];
  for (const pair of pairs) tellers.push(...tellersAt(pair, trees));
  for (const { path, packagesIn } of DATABASES) {
    const places = [trees.before, trees.after].map(({ root }) => locate(root, path, { follow: true }));
    if (places.every(({ kind }) => kind === 'unknown')) continue;
    for (const side of ['before', 'after'] as const) {
      const { found, tree } = await findBelow(pool, trees[side], path, call);
      const want = found.kind === 'found' ? wantOf(found.node, tree, { packagesIn }) : undefined;
      tellers.push({ side, want, isUnsure: false });
    }
  }
  return tellers;
}

function tellersAt({ path, before, after }: Pair, trees: Trees): readonly Teller[] {
  const isUnsure = before === 'open' || after === 'open';
  if (!isThere(before) && !isThere(after)) {
    // Hidden by one image, for the other one in the layers below.
    const told = packageFolderAt(path);
    return told === undefined ? [] : [{ side: before === 'open' ? 'before' : 'after', told, isUnsure }];
  }
  const file = packageFileAt(path);
  if (file === undefined) return [];
  return [
    { side: 'before', want: wantOf(before, trees.before, file), place: file.place, isUnsure },
    { side: 'after', want: wantOf(after, trees.after, file), place: file.place, isUnsure },
  ];
}

function wantOf(place: Place, tree: HalfTree, { packagesIn }: PackageFile): Want | undefined {
  if (!isThere(place) || place.kind !== 'leaf') return undefined;
  const { type, size } = place.told.entry.header;
  return type.endsWith('file') && size <= MAX_PACKAGE_FILE ? { ...sourceOf(place.told, tree), packagesIn } : undefined;
}

/** What the files tell, by manager, name and place. */
export function diffPackages(tellers: readonly Teller[], contents: Contents): readonly PackageChange[] {
  const installed = { before: new Map<string, Installed>(), after: new Map<string, Installed>() };
  for (const teller of tellers) {
    for (const one of toldBy(teller, contents)) {
      const { manager, name, place = '' } = one;
      installed[teller.side].set(`${manager}\0${name}\0${place}`, { ...one, isUnsure: teller.isUnsure });
    }
  }
  const { before, after } = installed;
  const keys = [...new Set([...before.keys(), ...after.keys()])].sort();
  return keys.flatMap((key) => changeOf(before.get(key), after.get(key)) ?? []);
}

function toldBy({ want, place, told }: Teller, contents: Contents): readonly PlacedPackage[] {
  if (told !== undefined) return [told];
  const packages = want === undefined ? [] : (contents.get(contentKey(want))?.packages ?? []);
  return packages.map((one) => ({ ...one, place }));
}

interface Installed extends PlacedPackage {
  readonly isUnsure: boolean;
}

function changeOf(before: Installed | undefined, after: Installed | undefined): PackageChange | undefined {
  const one = after ?? before;
  if (one === undefined || (before && after && before.version === after.version)) return undefined;
  const { manager, name, place } = one;
  return {
    kind: before === undefined ? 'added' : after === undefined ? 'removed' : 'changed',
    manager,
    name,
    ...(place === undefined ? {} : { place }),
    before: before?.version,
    after: after?.version,
    ...(before?.isUnsure === true || after?.isUnsure === true ? { unsure: true } : {}),
  };
}
