/** What a session has learnt of a registry, so that no mistake is made twice. It decides nothing. */

export interface Facts {
  /**
   * Whether `HEAD manifests/…` tells the truth; unknown until it was seen to. `unproven`: it has said 404 of what was not there,
   * as one does that says 404 of everything (Nexus).
   */
  manifestHead?: 'honest' | 'unproven' | 'broken';
  /** `HEAD blobs/…` is refused, or tells no size. */
  blobHead?: 'broken';
  /** A page size is refused (ECR Public, distribution as a proxy). */
  pageSize?: 'refused';
  /** Whether there is a referrers API. */
  referrers?: 'listed' | 'tagged';
  /** Blobs of this size, in bytes, and larger ones have to be sent in chunks (proxies with a body limit, Artifactory). */
  chunkFrom?: number;
  /** The largest chunk that was not refused, in bytes. */
  chunkSize?: number;
  /** Chunks are refused or lost (GAR, ECR): every blob is sent whole. */
  chunks?: 'broken';
  /** Its blobs come in a way that no transfer thread reads. */
  apart?: 'never';
  /** A mirror sent other bytes than a digest names: mirrors are asked no more. */
  mirrors?: 'wrong';
}

/** The facts of each registry, by its canonical name. */
export function createFacts(): (registry: string) => Facts {
  const known = new Map<string, Facts>();
  return (registry) => {
    const facts = known.get(registry) ?? {};
    known.set(registry, facts);
    return facts;
  };
}
