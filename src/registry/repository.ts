/** A repository of a registry as a store: every verb of the protocol, behind the interface that all stores have. */
import type { Call } from '../model/call.ts';
import type { Digest } from '../model/digest.ts';
import type { Schema1Image } from '../model/schema1.ts';
import type { Origin, Store } from '../store/types.ts';
import { blobContent } from './blob.ts';
import { remove } from './delete.ts';
import { listTags } from './list.ts';
import { type PageOptions, tagPage, type TagPage } from './list-page.ts';
import { pullManifest, pullRaw, type RawManifest, type RawManifestOptions } from './manifest.ts';
import { pushBlob } from './push-blob.ts';
import { pushManifest } from './push-manifest.ts';
import { listReferrers } from './referrers.ts';
import { headManifest, type ManifestHead } from './resolve.ts';
import { pullSchema1 } from './schema1.ts';
import { originOf, type Place } from './session.ts';
import { type BlobHead, headBlob } from './stat.ts';

/** A repository of a registry. Nothing is asked before a verb is called. */
export interface Repository extends Store {
  /** The canonical name of its registry, e.g. `docker.io`. */
  readonly registry: string;
  /** Its name there, e.g. `library/alpine`. */
  readonly name: string;
  /** Where its blobs can be mounted from. */
  readonly origin: Origin;
  /** As `resolve`, with the answer that told: quota and cache headers are there. */
  head(reference: string, options?: Call): Promise<ManifestHead | undefined>;
  /** As `stat`, with the answer that told. */
  headBlob(blob: Digest, options?: Call): Promise<BlobHead | undefined>;
  /**
   * One page of the tags, for who pages by hand: go on with its `next`.
   * @example
   * for (let page = await repository.tagPage({ pageSize: 50 }); ; page = await repository.tagPage({ next: page.next })) {
   *   console.log(page.tags);
   *   if (page.next === undefined) break;
   * }
   * @throws OciError `NOT_FOUND`, `REDIRECT_REFUSED` for a cursor that leads elsewhere, `UNSUPPORTED` where `last` is not known
   */
  tagPage(options?: PageOptions): Promise<TagPage>;
  /** The exact bytes of a manifest of any kind, not looked into. */
  rawManifest(reference: string, options?: RawManifestOptions): Promise<RawManifest>;
  /**
   * A manifest of docker's retired schema 1, which `manifest` refuses; its signatures are verified.
   * `convertSchema1` makes an image of today of it.
   */
  schema1(reference: string, options?: Call): Promise<Schema1Image>;
}

export function repositoryAt(place: Place): Repository {
  return {
    registry: place.host.name,
    name: place.repository,
    origin: originOf(place),
    head: (reference, call) => headManifest(place, reference, call),
    headBlob: (blob, call) => headBlob(place, blob, call),
    rawManifest: (reference, options) => pullRaw(place, reference, options),
    schema1: (reference, call) => pullSchema1(place, reference, call),
    resolve: async (reference, call) => (await headManifest(place, reference, call))?.descriptor,
    manifest: (reference, call) => pullManifest(place, reference, call),
    stat: async (blob, call) => (await headBlob(place, blob, call))?.descriptor,
    blob: (descriptor) => blobContent(place, descriptor),
    tags: (options) => listTags(place, options),
    tagPage: (options) => tagPage(place, options),
    referrers: (subject, options) => listReferrers(place, subject, options),
    putBlob: (content, call) => pushBlob(place, content, call),
    putManifest: (manifest, options) => pushManifest(place, manifest, options),
    delete: (what, call) => remove(place, what, call),
  };
}
