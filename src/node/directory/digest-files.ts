/**
 * A directory of plain files that are named by their digests: as a medium it holds blobs and nothing else, so that fetching, continuing
 * and publishing are those of a layout; only the names differ.
 */
import { OciError } from '../../errors.ts';
import { type Digest, digestHex, parseDigest } from '../../model/digest.ts';
import { readLayout } from '../../layout/oci-layout.ts';
import type { Draft, LayoutTree, ReadTree } from '../../layout/tree.ts';
import type { Source } from '../../store/types.ts';
import { directoryTree } from './directory-tree.ts';

/** `sha256:…` as it is, but on Windows, where no file name has a colon. */
export function digestFileName(digest: Digest): string {
  return process.platform === 'win32' ? dashed(digest) : digest;
}

/** The names under which tools leave content: we, here and on Windows; skopeo (`dir:`), layouts; crane's tar files; skopeo's manifests. */
function namesOf(digest: Digest): readonly string[] {
  const hex = digestHex(digest);
  return [...new Set([digestFileName(digest), dashed(digest)]), hex, `${hex}.tar.gz`, `${hex}.manifest.json`];
}

function dashed(digest: Digest): string {
  return digest.replace(':', '-');
}

/** The directory as a tree to write to, under our own names. */
export function digestFiles(directory: string): LayoutTree {
  const tree = directoryTree(directory);
  const place = (path: string): string => {
    const digest = digestIn(path);
    return digest === undefined ? path : digestFileName(digest);
  };
  return {
    ...tree,
    stat: (path) => tree.stat(place(path)),
    read: (path, start, end, options) => tree.read(place(path), start, end, options),
    remove: (path) => tree.remove(place(path)),
    async draft(path, size, call) {
      const draft = await tree.draft(place(path), size, call);
      const publish = (to: string): Promise<void> => draft.publish(place(to));
      return Object.create(draft, { publish: { value: publish } }) as Draft;
    },
  };
}

/** What the files of the directory hold, whoever named them. A link or a device in the place of a file is refused. */
export function digestFilesSource(directory: string): Source {
  const tree = directoryTree(directory);
  const find = async (path: string): Promise<{ readonly name: string; readonly size: number } | undefined> => {
    const digest = digestIn(path);
    for (const name of digest === undefined ? [] : namesOf(digest)) {
      const size = await tree.stat(name);
      if (size !== undefined) return { name, size };
    }
    return undefined;
  };
  const files: ReadTree = {
    name: directory,
    stat: async (path) => (await find(path))?.size,
    async *read(path, start, end, options) {
      const found = await find(path);
      if (found === undefined) throw new OciError('NOT_FOUND', `${directory}: ${path} is not there`);
      yield* tree.read(found.name, start, end, options);
    },
  };
  return readLayout(files);
}

/** The digest of a blob's path in a layout; undefined: it is no blob's. */
function digestIn(path: string): Digest | undefined {
  const [, algorithm, hex] = /^blobs\/([^/]+)\/([^/]+)$/.exec(path) ?? [];
  return hex === undefined ? undefined : parseDigest(`${algorithm}:${hex}`);
}
