/** `manifest.json` beside the files of an image's layers: the exact bytes of the manifest that they belong to. skopeo's `dir:` has it, too. */
import { join } from 'node:path';
import { isOciError, OciError } from '../../errors.ts';
import { readAll } from '../../bytes/read.ts';
import type { Call } from '../../model/call.ts';
import { type Manifest, MAX_MANIFEST_BYTES } from '../../model/manifest.ts';
import { manifestFrom } from '../../store/content.ts';
import { directoryTree } from '../directory/directory-tree.ts';

const MANIFEST_FILE = 'manifest.json';

/** Writes it, whole or not at all. @returns its path. @throws OciError `IO`, `DISK_FULL`, `LAYOUT_INVALID` for a link in its place */
export async function keepManifest(manifest: Manifest, directory: string, call: Call = {}): Promise<string> {
  const tree = directoryTree(directory);
  await tree.stat(MANIFEST_FILE);
  await tree.lock(() => tree.replace(MANIFEST_FILE, manifest.bytes), call);
  return join(directory, MANIFEST_FILE);
}

/** Reads it. @throws OciError `NOT_FOUND`, `TOO_LARGE`, `MANIFEST_INVALID`, `LAYOUT_INVALID` */
export async function keptManifest(directory: string, call: Call = {}): Promise<Manifest> {
  const file = join(directory, MANIFEST_FILE);
  try {
    const bytes = directoryTree(directory).read(MANIFEST_FILE, 0, MAX_MANIFEST_BYTES + 1, call);
    return manifestFrom(await readAll(bytes, MAX_MANIFEST_BYTES, file));
  } catch (error) {
    if (!isOciError(error, 'NOT_FOUND')) throw error;
    throw new OciError('NOT_FOUND', `${file} is not there`, {
      hint: 'pull the layers there, or give the manifest itself',
      cause: error,
    });
  }
}
