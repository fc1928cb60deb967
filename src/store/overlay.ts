/** A source that answers from new content first, then from its base: a changed image is one, and publishing it is a copy. */
import { isDigest } from '../model/digest.ts';
import type { Manifest } from '../model/manifest.ts';
import type { Descriptor } from '../model/descriptor.ts';
import { referrerDescriptor } from './referrer.ts';
import type { Content, ReferrersOptions, Source } from './types.ts';

export interface Additions {
  readonly manifests?: readonly Manifest[] | undefined;
  readonly blobs?: readonly Content[] | undefined;
  /** New names, to manifests of either layer. */
  readonly tags?: Readonly<Record<string, Manifest>> | undefined;
}

/** Tags and referrers are those of the base, and the additions' own. */
export function overlay(base: Source, additions: Additions): Source {
  const tags = new Map(Object.entries(additions.tags ?? {}));
  const manifests = new Map(
    [...(additions.manifests ?? []), ...tags.values()].map((manifest) => [manifest.descriptor.digest, manifest]),
  );
  const blobs = new Map((additions.blobs ?? []).map((content) => [content.descriptor.digest, content]));
  const added = (reference: string): Manifest | undefined =>
    isDigest(reference) ? manifests.get(reference) : tags.get(reference);
  return {
    resolve: async (reference, options) => added(reference)?.descriptor ?? base.resolve(reference, options),
    manifest: async (reference, options) =>
      added(typeof reference === 'string' ? reference : reference.digest) ?? base.manifest(reference, options),
    stat: async (blob, options) => blobs.get(blob)?.descriptor ?? base.stat(blob, options),
    blob: (descriptor) => blobs.get(descriptor.digest) ?? base.blob(descriptor),
    async *tags(options = {}) {
      for await (const tag of base.tags(options)) if (!tags.has(tag)) yield tag;
      for (const tag of tags.keys()) if (options.last === undefined || tag > options.last) yield tag;
    },
    referrers: (subject, options) => referrers(base, [...manifests.values()], subject, options),
  };
}

async function* referrers(
  base: Source,
  added: readonly Manifest[],
  subject: Descriptor,
  options: ReferrersOptions = {},
): AsyncGenerator<Descriptor> {
  const attached = added.filter((manifest) => manifest.subject?.digest === subject.digest).map(referrerDescriptor);
  const digests = new Set(attached.map(({ digest }) => digest));
  for await (const descriptor of base.referrers(subject, options))
    if (!digests.has(descriptor.digest)) yield descriptor;
  for (const descriptor of attached) {
    if (options.artifactType === undefined || options.artifactType === descriptor.artifactType) yield descriptor;
  }
}
