/** How a manifest stands in the list of its subject's referrers (distribution-spec, "Listing Referrers"). */
import type { Descriptor } from '../model/descriptor.ts';
import { isIndex, type Manifest } from '../model/manifest.ts';

/** The descriptor with the artifact type (its config's media type where an image manifest has none of its own) and annotations. */
export function referrerDescriptor(manifest: Manifest): Descriptor {
  const { artifactType, annotations } = manifest.document;
  const type = artifactType ?? (isIndex(manifest) ? undefined : configTypeOf(manifest));
  return {
    ...manifest.descriptor,
    ...(type === undefined || type === '' ? {} : { artifactType: type }),
    ...(annotations == null ? {} : { annotations }),
  };
}

function configTypeOf(manifest: Manifest): string | undefined {
  return manifest.links.find(({ role }) => role === 'config')?.descriptor.mediaType;
}
