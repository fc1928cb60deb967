/** Archives of `docker save` in tar files: read in place, written beside their final name, for `docker load` and podman. */
import { OciError } from '../../errors.ts';
import { type DockerArchive, readDockerArchive } from '../../layout/docker-archive.ts';
import { SAVED_MANIFEST } from '../../layout/docker-manifest.ts';
import { INDEX_FILE } from '../../layout/paths.ts';
import type { Target } from '../../store/types.ts';
import { createSavedBlobs } from './docker-archive-blobs.ts';
import { dockerArchiveTarget } from './docker-archive-target.ts';
import type { CreateTarOptions } from '../tar/tar-file.ts';
import { openTarFiles, type OpenTarOptions } from '../tar/tar-files.ts';
import { openOutput, type Unfinished, unfinished } from '../tar/tar-output.ts';

/**
 * Opens an archive as `docker save`, podman, skopeo, crane, kaniko and BuildKit write it: tar, or tar in gzip or zstd.
 * @param file a path, or `-` for standard input, which is spooled.
 * @example
 * const { source, close } = await openDockerArchive('saved.tar');
 * try {
 *   await copy(source, 'alpine:3', repository, { tags: ['3'] });
 * } finally {
 *   await close();
 * }
 * @throws OciError `NOT_FOUND`, `LAYOUT_INVALID`, `IO`
 */
export async function openDockerArchive(
  file: string,
  options: OpenTarOptions = {},
): Promise<{ readonly source: DockerArchive; readonly close: () => Promise<void> }> {
  const files = await openTarFiles(file, options);
  try {
    if (files.entries.has(SAVED_MANIFEST)) {
      return { source: await readDockerArchive(files, options), close: () => files.close() };
    }
    throw new OciError('LAYOUT_INVALID', `${file} is not a docker archive: it has no ${SAVED_MANIFEST}`, {
      hint: files.entries.has(INDEX_FILE) ? `try oci-archive:${file}` : undefined,
    });
  } catch (error) {
    await files.close();
    throw error;
  }
}

/** An archive in the making. */
export interface DockerArchiveDraft extends Unfinished {
  /** Tags are whole names here: `alpine:3`, `ghcr.io/o/app:1`. */
  readonly target: Target;
}

/**
 * Begins an archive that every `docker load` since 1.10 reads, of one image or of several. It takes single images; layers
 * are unpacked as they come, and what several images share is kept once. Nothing appears at its name before the commit,
 * which replaces what is there. The same images put in the same order become the same bytes.
 * @param file a path, or `-` for standard output; a pipe or a device is written to at the commit.
 * @example
 * const { target, commit, abort } = await createDockerArchive('app.tar');
 * try {
 *   await copy(repository, '1.0', target, { tags: ['ghcr.io/o/app:1.0'] });
 *   await commit();
 * } finally {
 *   await abort();
 * }
 * @throws OciError `DISK_FULL`, `IO`
 */
export async function createDockerArchive(file: string, options: CreateTarOptions = {}): Promise<DockerArchiveDraft> {
  const output = await openOutput(file, options.output);
  const { target, finish } = dockerArchiveTarget(createSavedBlobs(output.handle, file, output.folder));
  return { target, ...unfinished(output, finish) };
}
