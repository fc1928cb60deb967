import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { isSigned } from '../../scripts/executables/signature.ts';

const PAGE = 4096;
const LIMIT = 2 * PAGE + 100;
const HASHES = 44;

/** A Mach-O program of three pages and a signature behind them. */
function signedProgram(): Buffer {
  const program = Buffer.alloc(LIMIT, 7);
  program.writeUInt32LE(2, 16); // load commands
  for (const [index, word] of [0x19, 16, 0, 0, 0x1d, 16, LIMIT, 1000].entries())
    program.writeUInt32LE(word, 32 + index * 4);
  const directory = Buffer.alloc(HASHES + 3 * 32);
  for (const [at, word] of [
    [0, 0xfade0c02],
    [4, directory.length],
    [16, HASHES],
    [28, 3],
    [32, LIMIT],
  ] as const)
    directory.writeUInt32BE(word, at);
  directory.set([32, 2, 0, 12], 36);
  for (let page = 0; page < 3; page++) {
    const bytes = program.subarray(page * PAGE, Math.min(LIMIT, (page + 1) * PAGE));
    createHash('sha256')
      .update(bytes)
      .digest()
      .copy(directory, HASHES + page * 32);
  }
  const blob = Buffer.alloc(20);
  for (const [index, word] of [0xfade0cc0, 20 + directory.length, 1, 0, 20].entries())
    blob.writeUInt32BE(word, index * 4);
  return Buffer.concat([program, blob, directory]);
}

test('a signature is of the bytes that are there', () => {
  assert.equal(isSigned(signedProgram()), true);
});

test('of other bytes it is not, nor where there is none', () => {
  for (const at of [200, PAGE + 1, LIMIT - 1]) {
    const program = signedProgram();
    program[at] = 1;
    assert.equal(isSigned(program), false, `byte ${at}`);
  }
  const plain = signedProgram();
  plain.writeUInt32LE(1, 16);
  assert.equal(isSigned(plain), false);
});
