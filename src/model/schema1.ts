/**
 * Docker's retired image manifest: schema 1, signed by libtrust (distribution's "Image Manifest Version 2, Schema 1"). What it
 * says, and the payload that is signed: the digest of a signed manifest is that of its payload. It is read and never
 * written; who hashes, fetches or converts it stands elsewhere.
 */
import { OciError } from '../errors.ts';
import type { WireResponse } from './call.ts';
import { isObject } from './descriptor.ts';
import { type Digest, parseDigest } from './digest.ts';
import { MAX_MANIFEST_BYTES } from './manifest.ts';
import { type Schema1Signature, parseSignatures, payloadOf } from './schema1-signature.ts';
import { parseStrictJson } from './strict-json.ts';

/** The document, as it stands in the payload. */
export interface Schema1Document {
  readonly schemaVersion: 1;
  /** Where it was pushed to first: nobody keeps it up to date. */
  readonly name?: string;
  readonly tag?: string;
  readonly architecture?: string;
  /** The topmost layer first. */
  readonly fsLayers: readonly { readonly blobSum: Digest }[];
  /** An entry a layer, in the same order; each is a JSON text. */
  readonly history: readonly { readonly v1Compatibility: string }[];
}

/** A layer, and the step that made it. */
export interface Schema1Layer {
  readonly blob: Digest;
  /** The step changed no file: the blob is an empty archive, there because every step had to have one. */
  readonly throwaway: boolean;
  /** What `v1Compatibility` says: the config of the image as it was after the step. */
  readonly v1: Readonly<Record<string, unknown>>;
}

/** A schema 1 manifest that was parsed. */
export interface Schema1 {
  readonly document: Schema1Document;
  /** The lowest first: the other way round than in the document. A blob stands as often as the document has it. */
  readonly layers: readonly Schema1Layer[];
  /** What was signed, and what the digest is of; undefined: it is not signed, and the digest is that of all its bytes. */
  readonly payload?: Uint8Array | undefined;
  readonly signatures: readonly Schema1Signature[];
}

/** A schema 1 manifest as a registry gave it. */
export interface Schema1Image extends Schema1 {
  /** As they came, signatures included. */
  readonly bytes: Uint8Array;
  readonly digest: Digest;
  /** The answer that brought it. */
  readonly response?: WireResponse | undefined;
}

const MAX_LAYERS = 10_000;

/**
 * Reads a schema 1 manifest, signed or not. Of a signed one the payload is what counts; the rest of it may say nothing else.
 * No signature is verified here.
 * @throws OciError `MANIFEST_INVALID`, `DIGEST_INVALID`, `TOO_LARGE`, `LIMIT`
 */
export function parseSchema1(bytes: Uint8Array): Schema1 {
  if (bytes.length > MAX_MANIFEST_BYTES) {
    throw new OciError('TOO_LARGE', `a schema 1 manifest is larger than ${MAX_MANIFEST_BYTES} bytes`);
  }
  const json = parseStrictJson(bytes);
  if (!isObject(json)) throw invalid('it is not a JSON object');
  if (json.schemaVersion !== 1) throw invalid('schemaVersion is not 1');
  if (json.signatures === undefined) return { ...layersOf(json), signatures: [] };
  const signatures = parseSignatures(json.signatures);
  const payload = payloadOf(bytes, signatures);
  const signed = parseStrictJson(payload);
  const { signatures: _, ...rest } = json;
  // One who reads the whole must not read another image than one who reads the payload.
  if (!isObject(signed) || JSON.stringify(signed) !== JSON.stringify(rest)) {
    throw invalid('it says something else than the payload that is signed');
  }
  return { ...layersOf(signed), payload, signatures };
}

/** The payload, where these are the bytes of a signed schema 1 manifest. */
export function schema1Payload(bytes: Uint8Array): Uint8Array | undefined {
  try {
    return parseSchema1(bytes).payload;
  } catch {
    return undefined;
  }
}

function layersOf(json: Record<string, unknown>): Pick<Schema1, 'document' | 'layers'> {
  for (const name of ['name', 'tag', 'architecture']) {
    if (json[name] !== undefined && typeof json[name] !== 'string') throw invalid(`${name} is not a string`);
  }
  const blobs = entries(json.fsLayers, 'fsLayers').map(({ blobSum }) => parseDigest(blobSum));
  const steps = entries(json.history, 'history').map(stepOf);
  if (blobs.length === 0) throw invalid('it has no layers');
  if (blobs.length !== steps.length) {
    throw invalid(`it has ${blobs.length} layers, but a history of ${steps.length} steps`);
  }
  const layers = blobs.flatMap((blob, at): Schema1Layer[] => {
    const step = steps[at];
    return step === undefined ? [] : [{ blob, ...step }];
  });
  return { document: json as unknown as Schema1Document, layers: layers.reverse() };
}

function entries(value: unknown, where: string): readonly Record<string, unknown>[] {
  if (!Array.isArray(value) || !value.every(isObject)) throw invalid(`${where} is not a list of objects`);
  if (value.length > MAX_LAYERS) throw new OciError('LIMIT', `${where} has more than ${MAX_LAYERS} entries`);
  return value;
}

function stepOf({ v1Compatibility: text }: Record<string, unknown>, at: number): Omit<Schema1Layer, 'blob'> {
  const where = `history[${at}].v1Compatibility`;
  if (typeof text !== 'string') throw invalid(`${where} is not a string`);
  const v1 = parseStep(text, where);
  const { throwaway = false } = v1;
  if (typeof throwaway !== 'boolean') throw invalid(`${where}: throwaway is not true or false`);
  return { throwaway, v1 };
}

function parseStep(text: string, where: string): Record<string, unknown> {
  try {
    const v1 = parseStrictJson(new TextEncoder().encode(text), 'image config');
    if (isObject(v1)) return v1;
  } catch (cause) {
    throw invalid(`${where} is ${cause instanceof OciError ? cause.message : 'not JSON'}`, cause);
  }
  throw invalid(`${where} is not a JSON object`);
}

function invalid(problem: string, cause?: unknown): OciError {
  return new OciError('MANIFEST_INVALID', `not a valid schema 1 manifest: ${problem}`, { cause });
}
