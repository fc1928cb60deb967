/** Signatures and attestations by hand, as cosign and sigstore write them, and the manifests that they hang on an image in. */
import { type KeyObject, sign } from 'node:crypto';
import type { Annotations, Descriptor } from '../../src/model/descriptor.ts';
import { digestHex } from '../../src/model/digest.ts';
import { OCI_CONFIG, OCI_EMPTY, OCI_MANIFEST } from '../../src/model/media-types.ts';
import { contentFrom, manifestFromDocument } from '../../src/store/content.ts';
import type { Content, Target } from '../../src/store/types.ts';
import { type Built, putBuilt } from '../../src/testing/fixtures.ts';

export const BUNDLE = 'application/vnd.dev.sigstore.bundle.v0.3+json';
const SIMPLE = 'application/vnd.dev.cosign.simplesigning.v1+json';
const ENVELOPE = 'application/vnd.dsse.envelope.v1+json';

export const bytesOf = (value: unknown): Buffer =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

/** The usual way to sign: SHA-256, or the key's own hash. */
export function signBytes(bytes: Uint8Array, key: KeyObject): Buffer {
  return sign(key.asymmetricKeyType === 'ed25519' ? null : 'sha256', bytes, key);
}

export interface SimpleOptions {
  readonly reference?: string;
  readonly optional?: object | null;
  readonly type?: string;
}

/** cosign's payload (SIGNATURE_SPEC.md). */
export function simplePayload(digest: string, options: SimpleOptions = {}): Buffer {
  const { reference = 'registry.test/team/app', optional = null, type = 'cosign container image signature' } = options;
  return bytesOf({
    critical: { identity: { 'docker-reference': reference }, image: { 'docker-manifest-digest': digest }, type },
    optional,
  });
}

/** A layer of a signature manifest. */
export function simpleLayer(payload: Uint8Array, signature: Uint8Array | string, more: Annotations = {}): Content {
  const text = typeof signature === 'string' ? signature : base64(signature);
  return contentFrom(payload, SIMPLE, { annotations: { 'dev.cosignproject.cosign/signature': text, ...more } });
}

/** An image's signature with a key. */
export function keySigned({ digest }: Descriptor, key: KeyObject, options?: SimpleOptions): Content {
  const payload = simplePayload(digest, options);
  return simpleLayer(payload, signBytes(payload, key));
}

/** A statement of in-toto. */
export function statement(
  { digest }: Descriptor,
  predicateType: string,
  predicate: unknown = {},
  annotations = {},
): Buffer {
  const subject = [{ name: 'app', digest: { sha256: digestHex(digest) }, annotations }];
  return bytesOf({ _type: 'https://in-toto.io/Statement/v1', subject, predicateType, predicate });
}

const IN_TOTO = 'application/vnd.in-toto+json';

/** What an envelope's signature is of. */
export function encoded(payload: Uint8Array, payloadType: string = IN_TOTO): Buffer {
  return Buffer.concat([Buffer.from(`DSSEv1 ${payloadType.length} ${payloadType} ${payload.length} `), payload]);
}

export interface Envelope {
  readonly payload: string;
  readonly payloadType: string;
  readonly signatures: readonly { readonly sig: string }[];
}

export function envelope(payload: Uint8Array, key: KeyObject, payloadType: string = IN_TOTO): Envelope {
  return {
    payload: base64(payload),
    payloadType,
    signatures: [{ sig: base64(signBytes(encoded(payload, payloadType), key)) }],
  };
}

export function envelopeLayer(value: unknown, annotations: Annotations = {}): Content {
  return contentFrom(bytesOf(value), ENVELOPE, { annotations });
}

/** The content of a bundle, with a key that everybody knows unless told. */
export function bundleLayer(content: object, material: object = { publicKey: { hint: '' } }): Content {
  const verificationMaterial = { tlogEntries: [], timestampVerificationData: {}, ...material };
  return contentFrom(bytesOf({ mediaType: BUNDLE, verificationMaterial, ...content }), BUNDLE);
}

export function messageContent(digest: Uint8Array, signature: Uint8Array): object {
  return {
    messageSignature: {
      messageDigest: { algorithm: 'SHA2_256', digest: base64(digest) },
      signature: base64(signature),
    },
  };
}

/** Under the tag that cosign makes of the digest. */
export async function putTagged(
  target: Target,
  subject: Descriptor,
  kind: 'sig' | 'att',
  ...layers: readonly Content[]
): Promise<Built> {
  const config = contentFrom(bytesOf({ architecture: '', os: '' }), OCI_CONFIG);
  return putBuilt(target, holding(config, layers), { tags: [`${subject.digest.replace(':', '-')}.${kind}`] });
}

/** As what names the image its subject. */
export async function putReferrer(target: Target, subject: Descriptor, ...layers: readonly Content[]): Promise<Built> {
  return putBuilt(target, referrerOf(subject, ...layers));
}

/** The same, to be put by whoever wants it elsewhere. */
export function referrerOf(subject: Descriptor, ...layers: readonly Content[]): Built {
  const { mediaType, digest, size } = subject;
  const artifactType = layers[0]?.descriptor.mediaType;
  return holding(contentFrom(bytesOf('{}'), OCI_EMPTY), layers, { artifactType, subject: { mediaType, digest, size } });
}

function holding(config: Content, layers: readonly Content[], more: object = {}): Built {
  const [configured, ...listed] = [config, ...layers].map(({ descriptor }) => descriptor);
  const manifest = manifestFromDocument({
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    ...more,
    config: configured,
    layers: listed,
  });
  return { descriptor: manifest.descriptor, manifest, blobs: [config, ...layers], children: [] };
}
