/** Annotations of a manifest or an index, edited. The documents of docker's family have no place for them. */
import { OciError } from '../../errors.ts';
import type { Annotations } from '../../model/descriptor.ts';
import { isDockerType, type Manifest } from '../../model/manifest.ts';
import { editMap, type MapEdits } from './map-edits.ts';

/**
 * The document with its annotations edited; the same object where that changes nothing. None are left: the field goes, too.
 * @throws OciError `UNSUPPORTED` for annotations in a document of docker's media types
 */
export function editAnnotations<T extends { readonly annotations?: Annotations }>(
  { descriptor }: Manifest,
  document: T,
  edits: MapEdits | undefined,
  isCleared: boolean = false,
): T {
  const annotations = editMap(document.annotations, edits, isCleared);
  if (annotations === undefined) return document;
  if (Object.keys(annotations).length === 0) {
    const { annotations: _, ...rest } = document;
    return rest as T;
  }
  if (isDockerType(descriptor.mediaType)) {
    throw new OciError('UNSUPPORTED', `${descriptor.digest} is of docker's media types, which have no annotations`, {
      hint: 'convert it to those of OCI first',
    });
  }
  return { ...document, annotations };
}
