/** What `inspect` tells of an image: gathered here, shown elsewhere. Its shape is the JSON of the command. */
import type { Call } from '../../model/call.ts';
import type { Annotations, Descriptor } from '../../model/descriptor.ts';
import type { ContainerConfig, HistoryEntry } from '../../model/image-config.ts';
import { isIndex, type Manifest } from '../../model/manifest.ts';
import { formatPlatform, type Platform } from '../../model/platform.ts';
import { collect, take } from '../../graph/collect.ts';
import { type Image, viewOf } from '../../image/image.ts';
import type { From } from '../places/ends.ts';

export interface Inspection {
  /** With the digest. */
  readonly reference: string;
  readonly mediaType: string;
  readonly digest: string;
  /** Bytes of the manifest. */
  readonly size: number;
  readonly artifactType?: string | undefined;
  readonly subject?: string | undefined;
  readonly annotations?: Annotations | undefined;
  /** The entries of an index, in its order. */
  readonly manifests?: readonly InspectedEntry[] | undefined;
  /** The image that the rest is about: of an index, the one for the platform. */
  readonly image: InspectedImage;
  readonly referrers: readonly InspectedReferrer[];
  /** All of the repository, where they were asked for. */
  readonly tags?: readonly string[] | undefined;
}

export interface InspectOptions {
  readonly platform?: Platform | undefined;
  /** List the tags, too: a repository may have thousands, which is why nobody gets them unasked. */
  readonly tags?: boolean | undefined;
}

export interface InspectedEntry {
  readonly platform?: string | undefined;
  readonly digest: string;
  readonly size: number;
  readonly mediaType: string;
  readonly annotations?: Annotations | undefined;
}

export interface InspectedImage {
  readonly digest: string;
  readonly platform?: string | undefined;
  readonly created?: string | undefined;
  readonly author?: string | undefined;
  readonly config?: ContainerConfig | undefined;
  /** Bytes of the layers, compressed, each once. */
  readonly layersSize: number;
  readonly layers: readonly {
    readonly digest: string;
    readonly size: number;
    readonly mediaType: string;
    readonly annotations?: Annotations | undefined;
  }[];
  readonly history?:
    | readonly {
        readonly created?: string;
        readonly createdBy?: string;
        readonly comment?: string;
        readonly emptyLayer?: boolean;
      }[]
    | undefined;
  readonly annotations?: Annotations | undefined;
}

export interface InspectedReferrer {
  readonly digest: string;
  readonly artifactType?: string | undefined;
  readonly size: number;
  readonly annotations?: Annotations | undefined;
}

const MAX_REFERRERS = 200;

export async function inspectImage(
  from: From,
  { platform, tags = false }: InspectOptions,
  call: Call,
): Promise<Inspection> {
  const chosen = await from.choose(platform);
  const { root } = chosen;
  const { digest, mediaType, size } = root.descriptor;
  return {
    reference: from.at(digest),
    mediaType,
    digest,
    size,
    artifactType: root.document.artifactType,
    subject: root.subject?.digest,
    annotations: root.document.annotations,
    manifests: isIndex(root) ? root.document.manifests.map(entryOf) : undefined,
    image: await imageOf(await viewOf(from.source, chosen, call), root, call),
    referrers: (await collect(take(from.source.referrers(root.descriptor, call), MAX_REFERRERS))).map(referrerOf),
    tags: tags ? await collect(from.source.tags(call)) : undefined,
  };
}

function entryOf({ platform, digest, size, mediaType, annotations }: Descriptor): InspectedEntry {
  return { platform: platform && formatPlatform(platform), digest, size, mediaType, annotations };
}

async function imageOf(image: Image, root: Manifest, call: Call): Promise<InspectedImage> {
  const { manifest, platform, layers } = image;
  const config = await image.config(call);
  const sizes = new Map(layers.map(({ digest, size }) => [digest, size]));
  return {
    digest: manifest.descriptor.digest,
    platform: platform && formatPlatform(platform),
    created: config?.created,
    author: config?.author,
    config: config?.config,
    layersSize: [...sizes.values()].reduce((sum, size) => sum + size, 0),
    layers: layers.map(({ digest, size, mediaType, annotations }) => ({ digest, size, mediaType, annotations })),
    history: config?.history?.map(historyOf),
    annotations: manifest === root ? undefined : manifest.document.annotations,
  };
}

function historyOf(entry: HistoryEntry): NonNullable<InspectedImage['history']>[number] {
  const { created, created_by: createdBy, comment, empty_layer: emptyLayer } = entry;
  return {
    ...(created === undefined ? {} : { created }),
    ...(createdBy === undefined ? {} : { createdBy }),
    ...(comment === undefined ? {} : { comment }),
    ...(emptyLayer === undefined ? {} : { emptyLayer }),
  };
}

function referrerOf({ digest, artifactType, size, annotations }: Descriptor): InspectedReferrer {
  return { digest, artifactType, size, annotations };
}
