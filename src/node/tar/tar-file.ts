/** OCI layouts in tar archives: read in place, written beside their final name. */
import { OciError } from '../../errors.ts';
import { EMPTY_INDEX, encodeIndex, MARKER } from '../../layout/index-file.ts';
import { readLayout, writeLayout } from '../../layout/oci-layout.ts';
import { INDEX_FILE, MARKER_FILE } from '../../layout/paths.ts';
import type { LayoutSource } from '../../layout/source.ts';
import type { ReadTree } from '../../layout/tree.ts';
import type { Target } from '../../store/types.ts';
import { openTarFiles, type OpenTarOptions, type TarFiles } from './tar-files.ts';
import { openOutput, type Unfinished, unfinished } from './tar-output.ts';
import { createTarWriter } from './tar-writer.ts';

/**
 * Opens an OCI layout in an archive: tar, or tar in gzip or zstd.
 * @param file a path, or `-` for standard input, which is spooled.
 * @throws OciError `NOT_FOUND`, `LAYOUT_INVALID`, `IO`
 */
export async function openTarLayout(
  file: string,
  options: OpenTarOptions = {},
): Promise<{ readonly store: LayoutSource; readonly close: () => Promise<void> }> {
  const files = await openTarFiles(file, options);
  const tree = treeOf(files);
  if (!files.entries.has(INDEX_FILE)) {
    await files.close();
    throw new OciError('LAYOUT_INVALID', `${file} is not an OCI archive: it has no ${INDEX_FILE}`, {
      hint: files.entries.has('manifest.json') ? `try docker-archive:${file}` : undefined,
    });
  }
  return { store: readLayout(tree), close: () => files.close() };
}

function treeOf(files: TarFiles): ReadTree {
  const { name, entries } = files;
  const sizeOf = (path: string): number | undefined => {
    const place = entries.get(path);
    if (place === undefined || place.type === 'file' || place.type === 'contiguous-file') return place?.size;
    throw new OciError('LAYOUT_INVALID', `${name}: ${path} is a ${place.type} where a file belongs`);
  };
  return {
    name,
    stat: async (path) => sizeOf(path),
    async *read(path, start, end, options) {
      const place = sizeOf(path) === undefined ? undefined : entries.get(path);
      if (place === undefined) throw new OciError('NOT_FOUND', `${name}: ${path} is not there`);
      yield* files.read(place, start, end, options);
    },
  };
}

/** An archive in the making. */
export interface TarLayout extends Unfinished {
  readonly target: Target;
}

export interface CreateTarOptions {
  /** What `-` stands for; standard output unless told. */
  readonly output?: NodeJS.WritableStream | undefined;
}

/**
 * Begins an OCI layout in an archive. Nothing appears at its name before the commit, which replaces what is there.
 * The same content put in the same order becomes the same bytes.
 * @param file a path, or `-` for standard output; a pipe or a device is written to at the commit.
 * @throws OciError `DISK_FULL`, `IO`
 */
export async function createTarLayout(file: string, options: CreateTarOptions = {}): Promise<TarLayout> {
  const output = await openOutput(file, options.output);
  const writer = createTarWriter(output.handle, file, output.folder, {
    [MARKER_FILE]: MARKER,
    [INDEX_FILE]: encodeIndex(EMPTY_INDEX, [], file).bytes,
  });
  return { target: writeLayout(writer.tree), ...unfinished(output, () => writer.finish()) };
}
