/** A world of sigstore's own kind, in memory: an authority, its log of certificates, a log of signatures, and the root that trusts them. */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import {
  AUTHORITY,
  certificate,
  type CertificateSpec,
  der,
  extension,
  octets,
  pemOf,
  sha256,
  SIGNING,
  spki,
  text,
  toBeSigned,
  sequence,
} from './der.ts';

interface Pair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

const pair = (): Pair => generateKeyPairSync('ec', { namedCurve: 'prime256v1' });

/** When everything here happens. */
export const SIGNED_AT: Date = new Date('2024-05-06T07:08:09Z');
const year = (offset: number): Date => new Date(Date.UTC(2024 + offset, 0, 1));
const minutes = (count: number): Date => new Date(SIGNED_AT.getTime() + count * 60_000);

export interface LeafOptions {
  /** A mail address, or a URL. */
  readonly identity?: string;
  readonly issuer?: string;
  /** Is it in the log of certificates? */
  readonly isLogged?: boolean;
  readonly until?: Date;
}

/** A key with a certificate. */
export interface Leaf {
  readonly der: Buffer;
  readonly pem: string;
  readonly privateKey: KeyObject;
}

/** What the log is asked to keep. */
type Body = (leaf: Leaf) => object;

export interface FakeSigstore {
  leaf(options?: LeafOptions): Leaf;
  /** The log's entry, as a bundle has it; `body` as it is, unless another leaf's. */
  entry(body: object, integratedAt?: Date): LogEntry;
  /** `trusted_root.json`; the authority may have ended before. */
  root(options?: { readonly until?: Date; readonly withoutLogs?: boolean }): string;
}

export interface LogEntry {
  readonly bundle: object;
  /** As cosign annotates it. */
  readonly annotation: string;
}

/** Of a message, as Rekor keeps it. */
export const hashedRekord =
  (bytes: Uint8Array, signature: Uint8Array): Body =>
  (leaf) => ({
    apiVersion: '0.0.1',
    kind: 'hashedrekord',
    spec: {
      data: { hash: { algorithm: 'sha256', value: sha256(bytes).toString('hex') } },
      signature: { content: base64(signature), publicKey: { content: base64(Buffer.from(leaf.pem)) } },
    },
  });

/** Of an envelope. */
export const dsseEntry =
  (payload: Uint8Array, signature: Uint8Array): Body =>
  (leaf) => ({
    apiVersion: '0.0.1',
    kind: 'dsse',
    spec: {
      envelopeHash: { algorithm: 'sha256', value: '0'.repeat(64) },
      payloadHash: { algorithm: 'sha256', value: sha256(payload).toString('hex') },
      signatures: [{ signature: base64(signature), verifier: base64(Buffer.from(leaf.pem)) }],
    },
  });

export function fakeSigstore(): FakeSigstore {
  const [authority, certificates, log] = [pair(), pair(), pair()];
  const issuer = 'fulcio.test';
  const own: CertificateSpec = {
    subject: issuer,
    issuer,
    key: authority.publicKey,
    from: year(-1),
    until: year(9),
    extensions: AUTHORITY,
  };
  const authorityDer = certificate(own, authority.privateKey);
  return {
    leaf(options = {}) {
      const key = pair();
      const spec: CertificateSpec = {
        subject: 'sigstore',
        issuer,
        key: key.publicKey,
        from: minutes(-1),
        until: options.until ?? minutes(9),
        extensions: leafExtensions(options),
      };
      const promise = options.isLogged === false ? [] : [promised(spec, authority.publicKey, certificates)];
      const made = certificate({ ...spec, extensions: [...spec.extensions, ...promise] }, authority.privateKey);
      return { der: made, pem: pemOf(made), privateKey: key.privateKey };
    },
    entry: (body, at = SIGNED_AT) => logged(log, body, at),
    root({ until, withoutLogs } = {}) {
      const logs = (name: string, { publicKey }: Pair): object[] =>
        withoutLogs === true ? [] : [knownLog(name, publicKey)];
      const validFor = { start: year(-1).toISOString(), ...(until === undefined ? {} : { end: until.toISOString() }) };
      return JSON.stringify({
        mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
        tlogs: logs('rekor.test', log),
        ctlogs: logs('ctfe.test', certificates),
        certificateAuthorities: [
          {
            subject: { commonName: issuer },
            uri: 'https://fulcio.test',
            certChain: { certificates: [{ rawBytes: base64(authorityDer) }] },
            validFor,
          },
        ],
        timestampAuthorities: [],
      });
    },
  };
}

function leafExtensions({ identity = 'me@lading.test', issuer = 'https://issuer.test' }: LeafOptions): Buffer[] {
  const alternative = der(identity.includes('://') ? 0x86 : 0x81, Buffer.from(identity));
  return [
    ...SIGNING,
    extension('2.5.29.17', sequence(alternative), true),
    extension('1.3.6.1.4.1.57264.1.8', text(issuer)),
  ];
}

/** The promise to log a certificate, in the certificate (RFC 6962, section 3.3). */
function promised(spec: CertificateSpec, issuer: KeyObject, log: Pair): Buffer {
  const body = toBeSigned(spec);
  const at = Buffer.alloc(8);
  at.writeBigUInt64BE(BigInt(SIGNED_AT.getTime()));
  const length = Buffer.from([0, body.length >> 8, body.length & 0xff]);
  const signed = Buffer.concat([
    Buffer.from([0, 0]),
    at,
    Buffer.from([0, 1]),
    sha256(spki(issuer)),
    length,
    body,
    Buffer.from([0, 0]),
  ]);
  const signature = sign('sha256', signed, log.privateKey);
  const promise = Buffer.concat([
    Buffer.from([0]),
    sha256(spki(log.publicKey)),
    at,
    Buffer.from([0, 0, 4, 3]),
    sized(signature),
  ]);
  return extension('1.3.6.1.4.1.11129.2.4.2', octets(sized(sized(promise))));
}

function sized(bytes: Buffer): Buffer {
  const size = Buffer.alloc(2);
  size.writeUInt16BE(bytes.length);
  return Buffer.concat([size, bytes]);
}

/** A log with one entry: its promise, and the proof that it is the whole tree. */
function logged(log: Pair, body: object, at: Date): LogEntry {
  const id = sha256(spki(log.publicKey));
  const canonical = base64(Buffer.from(JSON.stringify(body)));
  const integratedTime = Math.floor(at.getTime() / 1000);
  const payload = { body: canonical, integratedTime, logID: id.toString('hex'), logIndex: 0 };
  const promise = base64(sign('sha256', Buffer.from(JSON.stringify(payload)), log.privateKey));
  const root = sha256(Buffer.from([0]), Buffer.from(JSON.stringify(body)));
  const note = `rekor.test\n1\n${base64(root)}\n`;
  const line = Buffer.concat([id.subarray(0, 4), sign('sha256', Buffer.from(note), log.privateKey)]);
  const { kind, apiVersion } = body as { kind: string; apiVersion: string };
  return {
    annotation: JSON.stringify({ SignedEntryTimestamp: promise, Payload: payload }),
    bundle: {
      logIndex: '0',
      logId: { keyId: base64(id) },
      kindVersion: { kind, version: apiVersion },
      integratedTime: String(integratedTime),
      inclusionPromise: { signedEntryTimestamp: promise },
      inclusionProof: {
        logIndex: '0',
        rootHash: base64(root),
        treeSize: '1',
        hashes: [],
        checkpoint: { envelope: `${note}\n\u2014 rekor.test ${base64(line)}\n` },
      },
      canonicalizedBody: canonical,
    },
  };
}

function knownLog(name: string, key: KeyObject): object {
  const publicKey = {
    rawBytes: base64(spki(key)),
    keyDetails: 'PKIX_ECDSA_P256_SHA_256',
    validFor: { start: year(-1).toISOString() },
  };
  return {
    baseUrl: `https://${name}`,
    hashAlgorithm: 'SHA2_256',
    publicKey,
    logId: { keyId: base64(sha256(spki(key))) },
  };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
