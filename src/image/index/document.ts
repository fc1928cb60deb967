/** The document of an index, written anew where it changes. What it is to say, others decide. */
import { OciError } from '../../errors.ts';
import type { Descriptor } from '../../model/descriptor.ts';
import { type ImageIndex, isDockerType, type Manifest } from '../../model/manifest.ts';
import { overlay } from '../../store/overlay.ts';
import type { Source } from '../../store/types.ts';
import { manifestOf } from '../change/change-image.ts';
import type { Index } from './entries.ts';

/** What became of an index. */
export interface ChangedIndex {
  /** All that is new, over what there was: `copy(source, root, target, { tags })` publishes it. */
  readonly source: Source;
  /** The index; what it was before where nothing has changed. */
  readonly root: Descriptor;
  readonly added: readonly Descriptor[];
  /** Entries that were left out, with what was attested of images that are there no longer. */
  readonly removed: readonly Descriptor[];
}

/** The index with another document; its own where that says the same. */
export function rebuilt(source: Source, root: Index, document: ImageIndex): ChangedIndex {
  const [before, after] = [root.document.manifests, document.manifests];
  if (JSON.stringify(document) === JSON.stringify(root.document)) {
    return { source, root: root.descriptor, added: [], removed: [] };
  }
  const index = manifestOf(document, root);
  requireFamily(index, root.document);
  return {
    source: overlay(source, { manifests: [index] }),
    root: index.descriptor,
    added: without(after, before),
    removed: without(before, after),
  };
}

/** The entries that are not among the others. */
export function without(entries: readonly Descriptor[], others: readonly Descriptor[]): readonly Descriptor[] {
  const known = new Set(others);
  return entries.filter((entry) => !known.has(entry));
}

/** Docker's lists have no place for more than docker's images, and none for what is said of one. What stands in one already is not asked about. */
export function requireFamily({ document, descriptor, links }: Manifest, before?: ImageIndex): void {
  if (!isDockerType(descriptor.mediaType)) return;
  const fields = ['annotations', 'artifactType', 'subject'] as const;
  const known = new Set(before?.manifests.map(({ digest }) => digest));
  const added = links.map((link) => link.descriptor).filter(({ digest }) => !known.has(digest));
  const foreign = added.find(({ mediaType }) => !isDockerType(mediaType));
  const annotated = added.find(({ annotations }) => annotations !== undefined);
  const what =
    foreign !== undefined
      ? `an entry of the type ${foreign.mediaType}`
      : annotated !== undefined
        ? `annotations of an entry, as ${annotated.digest} has them`
        : fields.find((name) => document[name] !== undefined && before?.[name] === undefined);
  if (what === undefined) return;
  throw new OciError('UNSUPPORTED', `a manifest list of docker's media types has no place for ${what}`, {
    hint: 'make an index of the media types of OCI',
  });
}
