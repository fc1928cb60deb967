/** A private key as cosign keeps it, for skopeo to sign with: PKCS #8 in NaCl's secretbox (XSalsa20, Poly1305), its key from a password by scrypt. */
import { type KeyObject, randomBytes, scryptSync } from 'node:crypto';

/** The PEM of the key under the password. */
export function cosignPrivateKey(key: KeyObject, password: string): string {
  const [salt, nonce] = [randomBytes(32), randomBytes(24)];
  const params = { N: 32768, r: 8, p: 1 };
  const secret = scryptSync(password, salt, 32, { ...params, maxmem: 1 << 27 });
  const ciphertext = secretbox(secret, nonce, key.export({ type: 'pkcs8', format: 'der' }));
  const body = {
    kdf: { name: 'scrypt', params, salt: salt.toString('base64') },
    cipher: { name: 'nacl/secretbox', nonce: nonce.toString('base64') },
    ciphertext: ciphertext.toString('base64'),
  };
  const lines =
    Buffer.from(JSON.stringify(body))
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  const kind = 'ENCRYPTED COSIGN PRIVATE KEY';
  return `-----BEGIN ${kind}-----\n${lines.join('\n')}\n-----END ${kind}-----\n`;
}

function secretbox(key: Buffer, nonce: Buffer, message: Buffer): Buffer {
  const inner = salsa(key, nonce.subarray(0, 16), false);
  const counter = Buffer.alloc(8);
  const blocks = Array.from({ length: Math.ceil((message.length + 32) / 64) }, (_, at) => {
    counter.writeBigUInt64LE(BigInt(at));
    return salsa(inner, Buffer.concat([nonce.subarray(16), counter]), true);
  });
  const stream = Buffer.concat(blocks);
  const cipher = Buffer.from(message.map((byte, at) => byte ^ (stream[at + 32] ?? 0)));
  return Buffer.concat([poly1305(stream.subarray(0, 32), cipher), cipher]);
}

const SIGMA = Buffer.from('expand 32-byte k');
const word = (bytes: Uint8Array, at: number): number => Buffer.from(bytes).readUInt32LE(at * 4);
const ROUND = [
  [0, 4, 8, 12],
  [5, 9, 13, 1],
  [10, 14, 2, 6],
  [15, 3, 7, 11],
  [0, 1, 2, 3],
  [5, 6, 7, 4],
  [10, 11, 8, 9],
  [15, 12, 13, 14],
] as const;

/** Salsa20's core, or HSalsa20 where nothing is added. */
function salsa(key: Buffer, input: Buffer, isAdded: boolean): Buffer {
  const start = new Uint32Array(16);
  for (let at = 0; at < 4; at++) {
    start[at * 5] = word(SIGMA, at);
    start[1 + at] = word(key, at);
    start[11 + at] = word(key, at + 4);
    start[6 + at] = word(input, at);
  }
  const x = new Uint32Array(start);
  const turn = (to: number, a: number, b: number, by: number): void => {
    const sum = ((x[a] ?? 0) + (x[b] ?? 0)) >>> 0;
    x[to] = (x[to] ?? 0) ^ ((sum << by) | (sum >>> (32 - by)));
  };
  for (let round = 0; round < 10; round++) {
    for (const [a, b, c, d] of ROUND) {
      turn(b, a, d, 7);
      turn(c, b, a, 9);
      turn(d, c, b, 13);
      turn(a, d, c, 18);
    }
  }
  const places = isAdded ? [...x.keys()] : [0, 5, 10, 15, 6, 7, 8, 9];
  const out = Buffer.alloc(places.length * 4);
  for (const [at, place] of places.entries()) {
    out.writeUInt32LE(((x[place] ?? 0) + (isAdded ? (start[place] ?? 0) : 0)) >>> 0, at * 4);
  }
  return out;
}

const little = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).reverse().toString('hex') || '0'}`);

function poly1305(key: Buffer, message: Buffer): Buffer {
  const r = little(key.subarray(0, 16)) & 0x0ffffffc0ffffffc0ffffffc0fffffffn;
  let sum = 0n;
  for (let at = 0; at < message.length; at += 16) {
    const block = Buffer.concat([message.subarray(at, at + 16), Buffer.from([1])]);
    sum = ((sum + little(block)) * r) % ((1n << 130n) - 5n);
  }
  const tag = (sum + little(key.subarray(16, 32))) & ((1n << 128n) - 1n);
  return Buffer.from(tag.toString(16).padStart(32, '0'), 'hex').reverse();
}
