/** An OCI layout in a directory as a store. */
import { openLayout } from '../../layout/oci-layout.ts';
import type { IngestStore } from '../../store/types.ts';
import { type DirectoryOptions, directoryTree } from './directory-tree.ts';

/**
 * The layout in a directory, which is made when something is first put into it. Several processes may write to it at once.
 * @example await copy(client.repository('alpine'), '3.20', directoryStore('./alpine'), { tags: ['3.20'] })
 */
export function directoryStore(directory: string, options: DirectoryOptions = {}): IngestStore {
  return openLayout(directoryTree(directory, options));
}
