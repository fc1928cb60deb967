/** What tools attach to images, as they write it: cosign's manifests, BuildKit's attestations, plain artifacts. */
import { OCI_CONFIG, OCI_MANIFEST } from '../../src/model/media-types.ts';
import type { Annotations, Descriptor } from '../../src/model/descriptor.ts';
import { contentFrom, manifestFromDocument } from '../../src/store/content.ts';
import type { Target } from '../../src/store/types.ts';
import { type Built, buildArtifact, buildImage, buildIndex, putBuilt } from '../../src/testing/fixtures.ts';
import { listed } from './images-to-change.ts';

const bytesOf = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

/** A manifest with the config of an image, as older tools give their artifacts. */
export function disguised(
  layer: { readonly mediaType: string; readonly text: string; readonly annotations?: Annotations },
  annotations?: Annotations,
): Built {
  const config = contentFrom(bytesOf({ architecture: '', os: '', text: layer.text }), OCI_CONFIG);
  const extra = layer.annotations === undefined ? {} : { annotations: layer.annotations };
  const blob = contentFrom(bytesOf(layer.text), layer.mediaType, extra);
  const manifest = manifestFromDocument({
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: config.descriptor,
    layers: [blob.descriptor],
    ...(annotations === undefined ? {} : { annotations }),
  });
  return { descriptor: manifest.descriptor, manifest, blobs: [config, blob], children: [] };
}

export const SIGNATURE = 'application/vnd.dev.cosign.simplesigning.v1+json';
export const ENVELOPE = 'application/vnd.dsse.envelope.v1+json';

/** What cosign signs with, and what it attests. */
export const cosign = {
  sig: (subject: Descriptor): Built => disguised({ mediaType: SIGNATURE, text: `sig ${subject.digest}` }),
  att: (subject: Descriptor): Built =>
    disguised({
      mediaType: ENVELOPE,
      text: `att ${subject.digest}`,
      annotations: { predicateType: 'https://slsa.dev/provenance/v1' },
    }),
  sbom: (subject: Descriptor): Built => disguised({ mediaType: 'text/spdx+json', text: `sbom ${subject.digest}` }),
} as const;

/** The tag that cosign keeps it under. */
export function cosignTag({ digest }: Descriptor, kind: keyof typeof cosign): string {
  return `${digest.replace(':', '-')}.${kind}`;
}

/** Signs as cosign does. */
export async function putCosign(target: Target, subject: Descriptor, kind: keyof typeof cosign): Promise<Built> {
  return putBuilt(target, cosign[kind](subject), { tags: [cosignTag(subject, kind)] });
}

export const PROVENANCE = 'https://slsa.dev/provenance/v0.2';
export const SPDX = 'https://spdx.dev/Document';

/** What BuildKit lists beside an image in its index. */
export function buildkitAttestation(about: Descriptor): Built {
  const layers = [PROVENANCE, SPDX].map((predicate) =>
    contentFrom(bytesOf({ predicate, about: about.digest }), 'application/vnd.in-toto+json', {
      annotations: { 'in-toto.io/predicate-type': predicate },
    }),
  );
  const config = contentFrom(bytesOf({ architecture: 'unknown', os: 'unknown', about: about.digest }), OCI_CONFIG);
  const manifest = manifestFromDocument({
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: config.descriptor,
    layers: layers.map(({ descriptor }) => descriptor),
  });
  const built: Built = { descriptor: manifest.descriptor, manifest, blobs: [config, ...layers], children: [] };
  return listed(built, {
    platform: { os: 'unknown', architecture: 'unknown' },
    annotations: {
      'vnd.docker.reference.type': 'attestation-manifest',
      'vnd.docker.reference.digest': about.digest,
    },
  });
}

/** An artifact that names its subject. */
export function artifactOn(subject: Descriptor, artifactType: string, annotations?: Annotations): Built {
  const text = `${artifactType} of ${subject.digest} ${JSON.stringify(annotations)}`;
  return buildArtifact({
    artifactType,
    subject,
    annotations,
    blobs: [{ bytes: bytesOf(text), mediaType: 'text/plain' }],
  });
}

// Plain, so that no library's compression has a say in digests.
const layers = [{ files: { 'etc/name': 'lading\n' }, compression: 'none' as const }];

/** An index for amd64 and arm64, with what BuildKit attests of each. */
export async function attestedIndex(): Promise<{
  index: Built;
  images: readonly Built[];
  attestations: readonly Built[];
}> {
  const images = await Promise.all(
    ['amd64', 'arm64'].map((architecture) => buildImage({ layers, platform: { os: 'linux', architecture } })),
  );
  const attestations = images.map(({ descriptor }) => buildkitAttestation(descriptor));
  return { index: buildIndex({ manifests: [...images, ...attestations] }), images, attestations };
}
