/** The media types of the two families, OCI and docker, and what each is. */

export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
export const OCI_CONFIG = 'application/vnd.oci.image.config.v1+json';
export const OCI_LAYER = 'application/vnd.oci.image.layer.v1.tar';
export const OCI_LAYER_GZIP = 'application/vnd.oci.image.layer.v1.tar+gzip';
export const OCI_LAYER_ZSTD = 'application/vnd.oci.image.layer.v1.tar+zstd';
export const OCI_EMPTY = 'application/vnd.oci.empty.v1+json';
export const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
export const DOCKER_LIST = 'application/vnd.docker.distribution.manifest.list.v2+json';
export const DOCKER_CONFIG = 'application/vnd.docker.container.image.v1+json';
export const DOCKER_LAYER_GZIP = 'application/vnd.docker.image.rootfs.diff.tar.gzip';
export const DOCKER_LAYER = 'application/vnd.docker.image.rootfs.diff.tar';
export const DOCKER_FOREIGN_LAYER = 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip';
export const DOCKER_SCHEMA1 = 'application/vnd.docker.distribution.manifest.v1+json';
export const DOCKER_SCHEMA1_SIGNED = 'application/vnd.docker.distribution.manifest.v1+prettyjws';
export const OCTET_STREAM = 'application/octet-stream';

/** What a manifest request accepts, in the order of preference; no q-values, for registries that misread them. */
export const MANIFEST_TYPES: readonly string[] = [OCI_INDEX, OCI_MANIFEST, DOCKER_LIST, DOCKER_MANIFEST];

/** What a request accepts that asks for docker's retired manifest: nobody is given one unasked. */
export const SCHEMA1_TYPES: readonly string[] = [DOCKER_SCHEMA1_SIGNED, DOCKER_SCHEMA1];

/** Is it docker's retired manifest of schema 1, signed or not? */
export function isSchema1Type(mediaType: string): boolean {
  return SCHEMA1_TYPES.includes(mediaType);
}

/** Is it an index (a docker manifest list included)? */
export function isIndexType(mediaType: string): boolean {
  return mediaType === OCI_INDEX || mediaType === DOCKER_LIST;
}

/** Is it an image or artifact manifest of schema 2? */
export function isManifestType(mediaType: string): boolean {
  return mediaType === OCI_MANIFEST || mediaType === DOCKER_MANIFEST;
}

/** Is it an image config of either family? */
export function isImageConfigType(mediaType: string): boolean {
  return mediaType === OCI_CONFIG || mediaType === DOCKER_CONFIG;
}

/** A layer that need not stand in the repository (its `urls` say where it does). */
export function isForeignLayerType(mediaType: string): boolean {
  return mediaType === DOCKER_FOREIGN_LAYER || mediaType.includes('.nondistributable.');
}

/** The media type without its parameters, in lower case; undefined when there is none. */
export function bareMediaType(header: string | undefined): string | undefined {
  const bare = header?.split(';', 1)[0]?.trim().toLowerCase();
  return bare === '' ? undefined : bare;
}
