/** A schema 1 image for tests, and ways to break its signed form. */
import type { BuiltSchema1, Schema1Spec } from '../../src/testing/schema1.ts';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Two layers and a step without one. The layers are plain archives, so that no library's compression has a say in digests. */
export const oldImage: Schema1Spec = {
  name: 'team/app',
  tag: 'old',
  steps: [
    { layer: { files: { 'etc/name': 'old\n' }, compression: 'none' }, createdBy: 'ADD etc' },
    { createdBy: 'ENV MODE=test' },
    { layer: { files: { 'bin/app': 'x' }, compression: 'gzip' }, createdBy: 'ADD bin' },
  ],
  config: { Cmd: ['/bin/app'], Env: ['MODE=test'] },
};

/** What a signature in the JSON is. */
export interface WireSignature {
  header: Record<string, unknown>;
  protected: string;
  signature: string;
}

/** The signed form with other signatures, or with anything in their place. */
export function withSignatures(image: BuiltSchema1, change: (signatures: WireSignature[]) => unknown): Uint8Array {
  const { signatures } = JSON.parse(new TextDecoder().decode(image.bytes)) as { signatures: WireSignature[] };
  const payload = Buffer.from(image.payload);
  const cut = payload.lastIndexOf('\n}');
  const member = Buffer.from(`,\n   "signatures": ${JSON.stringify(change(signatures))}`);
  return new Uint8Array(Buffer.concat([payload.subarray(0, cut), member, payload.subarray(cut)]));
}

/** The same with each signature changed. */
export function withEachSignature(
  image: BuiltSchema1,
  change: (signature: WireSignature) => Partial<WireSignature>,
): Uint8Array {
  return withSignatures(image, (signatures) => signatures.map((one) => ({ ...one, ...change(one) })));
}

/** A protected header with some of it changed. */
export function protectedWith(signature: WireSignature, change: Record<string, unknown>): string {
  const header = JSON.parse(Buffer.from(signature.protected, 'base64url').toString()) as Record<string, unknown>;
  return Buffer.from(JSON.stringify({ ...header, ...change })).toString('base64url');
}

/** The same bytes with some text replaced by another of the same length. */
export function replaced(bytes: Uint8Array, text: string, by: string): Uint8Array {
  const whole = new TextDecoder().decode(bytes);
  if (!whole.includes(text) || encode(text).length !== encode(by).length) throw new Error(`cannot replace ${text}`);
  return encode(whole.replace(text, by));
}
