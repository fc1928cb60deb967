/**
 * sigstore's bundles and trusted roots. The libraries of the sigstore project do the proof; the build puts them into this file, so
 * that it imports nothing else of the package. What they leave open is closed here: how much a stranger's bundle may ask for, and
 * that a log's entry is about the key of the certificate.
 */
import { createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import { type Bundle, bundleFromJSON } from '@sigstore/bundle';
import { TrustedRoot } from '@sigstore/protobuf-specs';
import { toSignedEntity, toTrustMaterial, Verifier } from '@sigstore/verify';

/** What a bundle has a signature of. */
export type BundleContent =
  | {
      readonly kind: 'message';
      /** SHA-256 of what is signed, as the bundle claims. */
      readonly digest: Uint8Array;
      readonly signature: Uint8Array;
    }
  | {
      readonly kind: 'envelope';
      readonly payloadType: string;
      readonly payload: Uint8Array;
      readonly signatures: readonly Uint8Array[];
    };

/** The certificate that a signature was made with. */
export interface BundleSigner {
  readonly identity: string;
  readonly issuer: string;
}

/** A bundle that is well formed; nothing of it is proved yet. */
export interface OpenBundle {
  readonly content: BundleContent;
  /** Does it bring a certificate? Else it was made with a key that everybody has to know. */
  readonly hasCertificate: boolean;
  /** @internal */
  readonly bundle: unknown;
}

/** Proves a bundle; `message` is what was signed, where the bundle has only its digest. */
export type ProveBundle = (bundle: OpenBundle, message?: Uint8Array) => BundleSigner;

/** No bundle needs more log entries, time stamps, or hashes of one proof. */
const MAX_ENTRIES = 8;
const MAX_HASHES = 64;
const MAX_CHECKPOINT = 8192;
/** Of one certificate, and of one time stamp: their form can be made to fill the memory of whoever reads it. */
const MAX_DER_BYTES = 64 * 1024;

/** @throws Error that says why it is none */
export function openBundle(json: unknown): OpenBundle {
  const bundle = bundleFromJSON(json);
  checkBounds(bundle);
  return {
    content: contentOf(bundle),
    hasCertificate: bundle.verificationMaterial.content.$case !== 'publicKey',
    bundle,
  };
}

function contentOf({ content }: Bundle): BundleContent {
  if (content.$case === 'messageSignature') {
    const { messageDigest, signature } = content.messageSignature;
    return { kind: 'message', digest: messageDigest.digest, signature };
  }
  const { payloadType, payload, signatures } = content.dsseEnvelope;
  return { kind: 'envelope', payloadType, payload, signatures: signatures.map(({ sig }) => sig) };
}

function checkBounds({ verificationMaterial }: Bundle): void {
  const { content, tlogEntries, timestampVerificationData: times } = verificationMaterial;
  const stamps = (times?.rfc3161Timestamps ?? []).map(({ signedTimestamp }) => signedTimestamp);
  if ([...certificatesIn(content), ...stamps].some(({ length }) => length > MAX_DER_BYTES))
    throw new Error(`it has a certificate or a time stamp of more than ${MAX_DER_BYTES} bytes`);
  if (tlogEntries.length > MAX_ENTRIES || stamps.length > MAX_ENTRIES)
    throw new Error(`it has more than ${MAX_ENTRIES} log entries or time stamps`);
  for (const { inclusionProof } of tlogEntries) {
    const envelope = inclusionProof?.checkpoint?.envelope ?? '';
    // The library takes the name in a signature line for a regular expression: one can be written that never ends.
    const names = envelope.split('\n').filter((line) => line.startsWith('\u2014 '));
    const isSafe = names.every((line) => /^\u2014 [\w.:/-]+ [\w+/=]+$/.test(line)) && isSized(envelope);
    if ((inclusionProof?.hashes.length ?? 0) > MAX_HASHES || !isSafe)
      throw new Error('its proof of inclusion is malformed');
  }
}

/** Its size, too, is a number that the library reads before anything is proved. */
function isSized(envelope: string): boolean {
  return envelope === '' || (envelope.length <= MAX_CHECKPOINT && /^\d{1,19}$/.test(envelope.split('\n')[1] ?? ''));
}

/**
 * A prover for those whom a trusted root names. A log of certificates or of signatures is asked for where the root names one; the
 * time of signing has to be proved in any case.
 * @param json the text of `trusted_root.json`
 * @throws Error for a text that is none, or that names no authority
 */
export function openTrustedRoot(json: string): ProveBundle {
  const root = TrustedRoot.fromJSON(JSON.parse(json));
  if (root.certificateAuthorities.length === 0) throw new Error('it names no certificate authority');
  const verifier = new Verifier(toTrustMaterial(root), {
    ctlogThreshold: root.ctlogs.length > 0 ? 1 : 0,
    tlogThreshold: root.tlogs.length > 0 ? 1 : 0,
    timestampThreshold: 1,
  });
  return ({ bundle: opened }, message) => {
    const bundle = opened as Bundle;
    const entity = toSignedEntity(bundle, message === undefined ? undefined : Buffer.from(message));
    const { identity } = verifier.verify(entity);
    checkLoggedKey(bundle);
    const { subjectAlternativeName, extensions } = identity ?? {};
    if (!subjectAlternativeName || !extensions?.issuer)
      throw new Error('its certificate names no subject or no issuer');
    return { identity: subjectAlternativeName, issuer: extensions.issuer };
  };
}

/** The signer's own is the first. */
function certificatesIn(content: Bundle['verificationMaterial']['content']): readonly Buffer[] {
  if (content.$case === 'certificate') return [content.certificate.rawBytes];
  if (content.$case !== 'x509CertificateChain') return [];
  return content.x509CertificateChain.certificates.map(({ rawBytes }) => rawBytes);
}

/** The library compares digest and signature with those of the log, and leaves whose they are. */
function checkLoggedKey({ verificationMaterial: { content, tlogEntries } }: Bundle): void {
  const [certificate] = certificatesIn(content);
  const own = certificate && keyOf(certificate);
  if (!own) throw new Error('it has no certificate');
  for (const { canonicalizedBody } of tlogEntries) {
    const body: unknown = JSON.parse(canonicalizedBody.toString('utf8'));
    const [logged, ...others] = PLACES.flatMap((place) => textAt(body, place));
    const key = logged === undefined || others.length > 0 ? undefined : keyOf(Buffer.from(logged, 'base64'));
    if (!key?.equals(own)) throw new Error('the entry of the log is about another key');
  }
}

/** Where entries keep who signed, by kind: base64 of PEM in the log's first version, of DER in its second. */
const PLACES: readonly (readonly string[])[] = [
  ['spec', 'signature', 'publicKey', 'content'],
  ['spec', 'signatures', '0', 'verifier'],
  ['spec', 'content', 'envelope', 'signatures', '0', 'publicKey'],
  ...['x509Certificate', 'publicKey'].flatMap((kind) => [
    ['spec', 'hashedRekordV002', 'signature', 'verifier', kind, 'rawBytes'],
    ['spec', 'dsseV002', 'signatures', '0', 'verifier', kind, 'rawBytes'],
  ]),
];

function textAt(value: unknown, place: readonly string[]): string[] {
  const found = place.reduce<unknown>((at, key) => (at as Record<string, unknown> | null | undefined)?.[key], value);
  return typeof found === 'string' ? [found] : [];
}

/** The key of a certificate, or the key that it is itself. */
function keyOf(bytes: Buffer): Buffer | undefined {
  for (const read of [certificateKey, pemKey, derKey]) {
    try {
      return read(bytes).export({ type: 'spki', format: 'der' });
    } catch {
      // It is in another form.
    }
  }
  return undefined;
}

const certificateKey = (bytes: Buffer): KeyObject => new X509Certificate(bytes).publicKey;
const pemKey = (bytes: Buffer): KeyObject => createPublicKey(bytes);
const derKey = (key: Buffer): KeyObject => createPublicKey({ key, format: 'der', type: 'spki' });
