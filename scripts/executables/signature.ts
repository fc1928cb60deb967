/** Whether the signature of a Mach-O program is of the bytes that it has: macOS on arm64 starts no other. Who signed it is not looked at. */
import { createHash } from 'node:crypto';

const [LC_CODE_SIGNATURE, HEADER_BYTES] = [0x1d, 32];
const [SUPER_BLOB, CODE_DIRECTORY, SHA256] = [0xfade0cc0, 0xfade0c02, 2];

/** false, too, where there is no signature. */
export function isSigned(program: Buffer): boolean {
  const blob = signatureOf(program);
  const directory = blob === undefined ? undefined : directoryOf(blob);
  return directory !== undefined && pagesMatch(program, directory);
}

function signatureOf(program: Buffer): Buffer | undefined {
  let at = HEADER_BYTES;
  for (let left = program.readUInt32LE(16); left > 0; left--) {
    const [command, size] = [program.readUInt32LE(at), program.readUInt32LE(at + 4)];
    if (command === LC_CODE_SIGNATURE) {
      const [offset, length] = [program.readUInt32LE(at + 8), program.readUInt32LE(at + 12)];
      return program.subarray(offset, offset + length);
    }
    at += size;
  }
  return undefined;
}

function directoryOf(blob: Buffer): Buffer | undefined {
  if (blob.length < 12 || blob.readUInt32BE(0) !== SUPER_BLOB) return undefined;
  for (let index = 0; index < blob.readUInt32BE(8); index++) {
    const part = blob.subarray(blob.readUInt32BE(12 + index * 8 + 4));
    if (part.readUInt32BE(0) === CODE_DIRECTORY) return part;
  }
  return undefined;
}

function pagesMatch(program: Buffer, directory: Buffer): boolean {
  const [hashes, count, limit] = [16, 28, 32].map((at) => directory.readUInt32BE(at)) as [number, number, number];
  const [hashSize, hashType, , pageBits] = directory.subarray(36, 40) as unknown as [number, number, number, number];
  const page = 2 ** pageBits;
  if (hashType !== SHA256 || count !== Math.ceil(limit / page)) return false;
  for (let index = 0; index < count; index++) {
    const bytes = program.subarray(index * page, Math.min((index + 1) * page, limit));
    const at = hashes + index * hashSize;
    if (
      !createHash('sha256')
        .update(bytes)
        .digest()
        .equals(directory.subarray(at, at + hashSize))
    )
      return false;
  }
  return count > 0;
}
