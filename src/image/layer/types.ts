/**
 * Media types of layers in both families, and what each says: the compression, and whether the layer is kept elsewhere. What the
 * bytes are, is another question.
 */
import { OciError } from '../../errors.ts';
import type { Compression } from '../../bytes/decompress.ts';
import type { Descriptor } from '../../model/descriptor.ts';
import { compressionIn, hasTable, type LayerForm } from './form.ts';
import * as types from '../../model/media-types.ts';
import { quote } from '../../model/quote.ts';

/** OCI's media types, or docker's. */
export type Family = 'oci' | 'docker';

/** What a layer's media type says of it. */
export interface LayerKind {
  readonly family: Family;
  readonly compression: Compression;
  /** It need not stand beside its manifest: its `urls` tell where it is. */
  readonly isForeign: boolean;
}

const FOREIGN_OCI = 'application/vnd.oci.image.layer.nondistributable.v1.tar';

const plain = {
  oci: { none: types.OCI_LAYER, gzip: types.OCI_LAYER_GZIP, zstd: types.OCI_LAYER_ZSTD },
  // The last of these is in no specification, but containerd and regclient know it.
  docker: { none: types.DOCKER_LAYER, gzip: types.DOCKER_LAYER_GZIP, zstd: `${types.DOCKER_LAYER}.zstd` },
} as const;
const foreign = {
  oci: { none: FOREIGN_OCI, gzip: `${FOREIGN_OCI}+gzip`, zstd: `${FOREIGN_OCI}+zstd` },
  docker: { none: types.DOCKER_FOREIGN_LAYER.replace('.gzip', ''), gzip: types.DOCKER_FOREIGN_LAYER },
} as const;

const kinds: ReadonlyMap<string, LayerKind> = new Map(
  [plain, foreign].flatMap((families) =>
    (['oci', 'docker'] as const).flatMap((family) =>
      Object.entries(families[family]).map(([compression, mediaType]): [string, LayerKind] => [
        mediaType,
        { family, compression: compression as Compression, isForeign: families === foreign },
      ]),
    ),
  ),
);

/** What a media type says; undefined where it is that of no archive (encrypted layers, artifacts). */
export function layerKind(mediaType: string): LayerKind | undefined {
  return kinds.get(mediaType);
}

/**
 * Is it said to be an archive of files? Those of artifacts (Helm's charts) are told by their names; encrypted ones are none until somebody
 * has decrypted them.
 */
export function isArchiveType(mediaType: string): boolean {
  return kinds.has(mediaType) || (/[./+-](tar|tgz)([./+-]|$)/.test(mediaType) && !mediaType.endsWith('+encrypted'));
}

/**
 * The media type for a kind of layer.
 * @throws OciError `UNSUPPORTED` for zstd in docker's family, which has none for it
 */
export function layerTypeOf({ family, compression, isForeign }: LayerKind, { digest }: Descriptor): string {
  if (family === 'docker' && compression === 'zstd') {
    throw new OciError('UNSUPPORTED', `docker's media types have none for layer ${digest}, compressed with zstd`, {
      hint: 'compress it with gzip, or take the media types of OCI',
    });
  }
  const mediaTypes: Readonly<Record<string, string>> = (isForeign ? foreign : plain)[family];
  return mediaTypes[compression] ?? types.OCTET_STREAM;
}

/**
 * The same layer in the media type of a family; undefined where it has it already, or its own is that of no archive.
 * @throws OciError `UNSUPPORTED` where docker's family has no media type for it
 */
export function inFamily(layer: Descriptor, family: Family): string | undefined {
  const kind = layerKind(layer.mediaType);
  if (kind !== undefined) {
    const mediaType = layerTypeOf({ ...kind, family }, layer);
    return mediaType === layer.mediaType ? undefined : mediaType;
  }
  if (family === 'oci') return undefined;
  throw new OciError(
    'UNSUPPORTED',
    `docker's media types have none for layer ${layer.digest}, ${quote(layer.mediaType)}`,
  );
}

/**
 * Checks that a family's documents can hold a layer of a form. Without its annotations a table of contents is neither found nor
 * believed; docker's documents have no place for them.
 * @throws OciError `UNSUPPORTED` for zstd, zstd:chunked and eStargz in docker's family
 */
export function requireForm(form: LayerForm, family: Family, layer: Descriptor): void {
  layerTypeOf({ family, compression: compressionIn(form), isForeign: false }, layer);
  if (family === 'oci' || !hasTable(form)) return;
  throw new OciError('UNSUPPORTED', `docker's manifests have no place for what makes layer ${layer.digest} ${form}`, {
    hint: 'take the media types of OCI, or compress it with gzip',
  });
}

/** What annotations tell of the compressed bytes alone: a table of contents in them, where it is, how they unpack. */
const ABOUT_BYTES = [
  'io.github.containers.zstd-chunked.',
  'io.containers.zstd-chunked.',
  'io.containers.estargz.',
  'containerd.io/',
];

/** A layer's annotations once its bytes are others. */
export function withoutByteAnnotations({ annotations, ...layer }: Descriptor): Descriptor {
  const kept = Object.entries(annotations ?? {}).filter(
    ([name]) => !ABOUT_BYTES.some((about) => name.startsWith(about)),
  );
  return kept.length === 0 ? layer : { ...layer, annotations: Object.fromEntries(kept) };
}
