/** What a store asks of a manifest before it takes it: that everything it refers to is there (distribution-spec, "Pushing Manifests"). */
import { OciError } from '../errors.ts';
import type { Link, Manifest } from '../model/manifest.ts';
import { isForeignLayerType } from '../model/media-types.ts';

/** Need this content not stand beside its manifest, because its media type says that it is kept elsewhere? */
export function isForeign({ role, descriptor }: Link): boolean {
  return role === 'layer' && (isForeignLayerType(descriptor.mediaType) || (descriptor.urls?.length ?? 0) > 0);
}

/**
 * Fails when something that the manifest consists of is not there; a `subject` need not be.
 * @throws OciError `MANIFEST_BLOB_UNKNOWN` with `digests`
 */
export async function requireLinks(
  manifest: Manifest,
  isThere: (link: Link) => boolean | Promise<boolean>,
): Promise<void> {
  const missing: string[] = [];
  for (const link of manifest.links) {
    if (!isForeign(link) && !(await isThere(link))) missing.push(link.descriptor.digest);
  }
  if (missing.length === 0) return;
  throw new OciError(
    'MANIFEST_BLOB_UNKNOWN',
    `${manifest.descriptor.digest} refers to what is not there: ${missing.join(', ')}`,
    {
      hint: 'push the blobs and child manifests before the manifest',
      digests: missing,
    },
  );
}
