/** What an archive of `docker save` can hold: single images, by their configs and layers, and nothing that is attached to them. */
import { OciError } from '../errors.ts';
import type { Descriptor } from '../model/descriptor.ts';
import { type ImageIndex, type ImageManifest, isIndex, type Manifest } from '../model/manifest.ts';
import { isImageConfigType } from '../model/media-types.ts';
import { formatPlatform } from '../model/platform.ts';
import { quote } from '../model/quote.ts';

const INSTEAD = 'an OCI layout or archive holds it as it is: oci:DIR, oci-archive:FILE.tar';

/**
 * The document of an image that can be kept so.
 * @throws OciError `USAGE` for an index, `UNSUPPORTED` for what is no image, or is attached to one
 */
export function requireSavable(manifest: Manifest): ImageManifest {
  const { digest } = manifest.descriptor;
  if (isIndex(manifest)) throw manyPlatforms(digest, manifest.document);
  const { config, artifactType } = manifest.document as ImageManifest;
  if (!isImageConfigType(config.mediaType)) {
    const type = quote(artifactType ?? config.mediaType);
    throw cannotHold(`${digest}, no image but an artifact of the type ${type}`);
  }
  if (manifest.subject !== undefined) {
    throw cannotHold(`${digest}, which is attached to ${manifest.subject.digest}`);
  }
  return manifest.document as ImageManifest;
}

/** The error for what has no place in such an archive. */
export function cannotHold(what: string): OciError {
  return new OciError('UNSUPPORTED', `a docker archive cannot hold ${what}`, { hint: INSTEAD });
}

const MAX_NAMED = 30;

function manyPlatforms(digest: string, { manifests }: ImageIndex): OciError {
  const names = new Set(manifests.filter(isForSomething).map(({ platform }) => platform && formatPlatform(platform)));
  const shown = [...names].slice(0, MAX_NAMED).join(', ');
  return new OciError('USAGE', `a docker archive holds images for one platform each, and ${digest} is an index`, {
    hint: names.size === 0 ? INSTEAD : `choose a platform (--platform): ${shown}`,
  });
}

/** Attestations are for the platform unknown/unknown. */
function isForSomething({ platform }: Descriptor): boolean {
  return platform !== undefined && platform !== null && platform.os !== 'unknown';
}
