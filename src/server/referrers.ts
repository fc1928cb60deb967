/** What is attached to a manifest (distribution-spec, "Listing Referrers"): an index made on the spot, in pages that are manifests by their size. */
import { isOciError } from '../errors.ts';
import type { Descriptor } from '../model/descriptor.ts';
import { type Digest, parseDigest } from '../model/digest.ts';
import { OCI_INDEX, OCTET_STREAM } from '../model/media-types.ts';
import { type Exchange, storeOf } from './exchange.ts';
import { collect, nextLink } from './lists.ts';
import { json } from './responses.ts';

/** `GET /v2/<name>/referrers/<digest>`. It is never 404: that would say that there is no such API. */
export async function listReferrers(exchange: Exchange): Promise<Response> {
  const { url, limits } = exchange;
  const artifactType = url.searchParams.get('artifactType') ?? undefined;
  const last = url.searchParams.get('last') ?? '';
  const all = await referrersOf(exchange, parseDigest(exchange.target), artifactType);
  const after = all.filter(({ digest }) => digest > last);
  const manifests = fitting(after, limits.pageSize, limits.manifestBytes);
  const filters = artifactType === undefined ? {} : { 'OCI-Filters-Applied': 'artifactType' };
  const link = manifests.length < after.length ? { Link: nextLink(url, manifests.at(-1)?.digest ?? '') } : {};
  return json({ schemaVersion: 2, mediaType: OCI_INDEX, manifests }, { ...filters, ...link }, OCI_INDEX);
}

/** In the order of their digests, so that a page has a place to go on from. */
async function referrersOf(exchange: Exchange, subject: Digest, artifactType?: string): Promise<Descriptor[]> {
  const descriptor = { mediaType: OCTET_STREAM, digest: subject, size: 0 };
  try {
    const found = await collect(storeOf(exchange).referrers(descriptor, { ...exchange.call, artifactType }));
    return found.sort((a, b) => (a.digest < b.digest ? -1 : 1));
  } catch (error) {
    if (isOciError(error, 'NOT_FOUND')) return [];
    throw error;
  }
}

/** As many as one manifest may hold; always one, where there is one. */
function fitting(descriptors: readonly Descriptor[], count: number, limit: number): Descriptor[] {
  let size = 0;
  const end = descriptors.findIndex((descriptor, at) => {
    size += JSON.stringify(descriptor).length;
    return at > 0 && (at >= count || size > limit);
  });
  return descriptors.slice(0, end < 0 ? undefined : end);
}
