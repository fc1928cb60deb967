/** The file names of a layout (image-spec, "OCI Image Layout"). */
import { type Digest, digestAlgorithm, digestHex, parseDigest } from '../model/digest.ts';

export const INDEX_FILE = 'index.json';
export const MARKER_FILE = 'oci-layout';

/**
 * Where a blob is kept. The digest is parsed here once more: it may have come through a cast.
 * @throws OciError `DIGEST_INVALID`
 */
export function blobPath(digest: Digest): string {
  const parsed = parseDigest(digest);
  return `${blobFolder(digestAlgorithm(parsed))}/${digestHex(parsed)}`;
}

/** Where the blobs of an algorithm are kept. */
export function blobFolder(algorithm: string): string {
  return `blobs/${algorithm}`;
}
