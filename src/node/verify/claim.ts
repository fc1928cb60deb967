/** What was signed, and the signature of it, whichever way both are kept; and cosign's older way made into a bundle, so that one prover serves all. */
import { createHash } from 'node:crypto';
import { type Annotations, isObject } from '../../model/descriptor.ts';
import { checkParts, digText, readBase64, readObject, refusal } from './refusal.ts';

/** Bytes with a signature, or an envelope of them (DSSE) with several. */
export type Claim =
  | { readonly kind: 'message'; readonly bytes: Uint8Array; readonly signature: Uint8Array }
  | {
      readonly kind: 'envelope';
      readonly payloadType: string;
      readonly payload: Uint8Array;
      readonly signatures: readonly Uint8Array[];
    };

const MAX_SIGNATURES = 16;

/** An envelope (secure-systems-lab/dsse, "envelope"). @throws OciError `SIGNATURE_INVALID` */
export function parseEnvelope(bytes: Uint8Array): Claim & { readonly kind: 'envelope' } {
  checkParts(bytes, 'the envelope');
  const { payloadType, payload, signatures } = readObject(bytes, 'the envelope');
  if (typeof payloadType !== 'string') throw refusal('the envelope has no payload type');
  if (!Array.isArray(signatures) || signatures.length === 0) throw refusal('the envelope has no signature');
  if (signatures.length > MAX_SIGNATURES) throw refusal(`the envelope has more than ${MAX_SIGNATURES} signatures`);
  return {
    kind: 'envelope',
    payloadType,
    payload: readBase64(payload, 'the payload of the envelope'),
    signatures: signatures.map((one) => readBase64(digText(one, 'sig'), 'a signature of the envelope')),
  };
}

const ascii = new TextEncoder();

/** The bytes that an envelope's signatures are of (dsse, "protocol": PAE). */
export function encodedEnvelope({ payloadType, payload }: Claim & { readonly kind: 'envelope' }): Uint8Array {
  const type = ascii.encode(payloadType);
  return Buffer.concat([ascii.encode(`DSSEv1 ${type.length} `), type, ascii.encode(` ${payload.length} `), payload]);
}

/** cosign's annotations on the layer of a signature. */
export const SIGNATURE_ANNOTATION = 'dev.cosignproject.cosign/signature';
const CERTIFICATE = 'dev.sigstore.cosign/certificate';
const LOG_ENTRY = 'dev.sigstore.cosign/bundle';
const TIMESTAMP = 'dev.sigstore.cosign/rfc3161timestamp';

/**
 * The bundle (sigstore, v0.1) that says the same as the annotations. Their chain is left out: a trusted root has the authorities.
 * @throws OciError `SIGNATURE_INVALID`
 */
export function bundleOf(claim: Claim, annotations: Annotations): object {
  const certificate = annotations[CERTIFICATE];
  if (certificate === undefined) throw refusal('it was made with a key, and brings no certificate');
  const [entry, timestamp] = [annotations[LOG_ENTRY], annotations[TIMESTAMP]];
  const signedTimestamp = timestamp && digText(parsed(timestamp, 'its time stamp'), 'SignedRFC3161Timestamp');
  return {
    mediaType: 'application/vnd.dev.sigstore.bundle+json;version=0.1',
    verificationMaterial: {
      x509CertificateChain: { certificates: [{ rawBytes: derOf(certificate) }] },
      tlogEntries: entry === undefined ? [] : [logEntry(entry)],
      timestampVerificationData: { rfc3161Timestamps: signedTimestamp ? [{ signedTimestamp }] : [] },
    },
    ...contentOf(claim),
  };
}

function contentOf(claim: Claim): object {
  if (claim.kind === 'envelope') {
    const { payloadType, payload, signatures } = claim;
    return {
      dsseEnvelope: {
        payloadType,
        payload: base64(payload),
        signatures: signatures.map((sig) => ({ sig: base64(sig) })),
      },
    };
  }
  const digest = createHash('sha256').update(claim.bytes).digest('base64');
  return { messageSignature: { messageDigest: { algorithm: 'SHA2_256', digest }, signature: base64(claim.signature) } };
}

/** The first certificate of a PEM text. */
function derOf(pem: string): string {
  const match = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/.exec(pem);
  if (match?.[1] === undefined) throw refusal('its certificate is not PEM');
  return match[1].replace(/\s/g, '');
}

/** An entry of the log with the log's promise, as Rekor's first version gave it. */
function logEntry(text: string): object {
  const entry = parsed(text, 'its log entry');
  const { body, integratedTime, logIndex, logID } = parsedIn(entry.Payload);
  const content = readObject(readBase64(body, 'the body of its log entry'), 'the body of its log entry');
  return {
    logIndex: String(logIndex),
    logId: { keyId: Buffer.from(String(logID), 'hex').toString('base64') },
    kindVersion: { kind: digText(content, 'kind') ?? '', version: digText(content, 'apiVersion') ?? '' },
    integratedTime: String(integratedTime),
    inclusionPromise: { signedEntryTimestamp: digText(entry, 'SignedEntryTimestamp') ?? '' },
    canonicalizedBody: body,
  };
}

function parsed(text: string, what: string): Record<string, unknown> {
  return readObject(ascii.encode(text), what);
}

function parsedIn(value: unknown): Record<string, unknown> {
  if (isObject(value)) return value;
  throw refusal('its log entry has no payload');
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
