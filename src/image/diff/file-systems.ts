/** The files and packages of two images, compared: one look at the layers that differ serves both. */
import type { Call } from '../../model/call.ts';
import type { Descriptor } from '../../model/descriptor.ts';
import { layerKind } from '../layer/types.ts';
import { readContents } from './contents.ts';
import { type DiffOptions, isAsked } from './diff-options.ts';
import { draftsOf, type FileChange, filesThatDiffer } from './files.ts';
import { type HeldLayer, layerPool } from './layer-pool.ts';
import { sharedDepth } from './layers.ts';
import { diffPackages, type PackageChange, packageTellers } from './packages.ts';
import { openTrees, placesOf } from './trees.ts';

export interface FileSystemsDiff {
  /** Sorted, each directory before what is in it. */
  readonly files?: readonly FileChange[] | undefined;
  /** By manager, name and place. */
  readonly packages?: readonly PackageChange[] | undefined;
  /** A layer that is no archive of files: for it, files and packages were not compared. */
  readonly unread?: Descriptor | undefined;
}

export async function diffFileSystems(
  before: readonly HeldLayer[],
  after: readonly HeldLayer[],
  options: DiffOptions,
): Promise<FileSystemsDiff> {
  const [hasFiles, hasPackages] = [isAsked(options, 'files'), isAsked(options, 'packages')];
  if (!hasFiles && !hasPackages) return {};
  const shared = sharedDepth(before, after);
  const differing = [...before.slice(shared), ...after.slice(shared)];
  const odd = differing.find(({ descriptor }) => layerKind(descriptor.mediaType) === undefined);
  if (odd !== undefined) return { unread: odd.descriptor };
  const { signal, on, exact = false, ignoreTimes = false } = options;
  const call: Call = { signal, on };
  const pool = layerPool(options);
  try {
    const trees = await openTrees(pool, { before, after, shared, isExact: exact }, call);
    const drafts = hasFiles ? [...draftsOf(trees, placesOf(trees), ignoreTimes)] : [];
    const tellers = hasPackages ? await packageTellers(pool, trees, placesOf(trees), call) : [];
    const wants = [...drafts.flatMap(({ compared }) => compared), ...tellers.flatMap(({ want }) => want ?? [])];
    const contents = await readContents(pool, wants, call);
    return {
      ...(hasFiles ? { files: filesThatDiffer(drafts, contents) } : {}),
      ...(hasPackages ? { packages: diffPackages(tellers, contents) } : {}),
    };
  } finally {
    await pool.close();
  }
}
