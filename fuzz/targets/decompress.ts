/** gzip, deflate and zstd: what comes out is what another decoder makes of it, within the limits that were set, and a cut is an error. */
import assert from 'node:assert/strict';
import { gunzipSync, gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { decompress } from '../../src/bytes/decompress.ts';
import { fromArray, readAll } from '../../src/bytes/read.ts';
import { unzstdWithFzstd } from '../../src/bytes/unzstd.ts';
import { decodeBody } from '../../src/http/decode.ts';
import { settled } from '../judge.ts';
import { lines } from '../lines.ts';
import { trickLayers } from '../recipes.ts';
import type { FuzzTarget } from '../target.ts';

const LIMIT = 1024 * 1024;

export const target: FuzzTarget = {
  name: 'decompress',
  corpus: async () => ({ ...(await lines('decompress')), other: await trickLayers('/outside') }),
  arbitrary: fc.uint8Array({ maxLength: 400 }).map((plain) => gzipSync(plain)),
  tokens: ['\u001f', '(', '/'],
  async run(input) {
    const plain = await settled(readAll(decompress(fromArray(input), { maxBytes: LIMIT }), LIMIT, 'it'));
    assert.ok(plain === undefined || plain.length <= LIMIT);
    if (input[0] === 0x1f && input[1] === 0x8b) {
      const other = unzipped(input);
      if (plain !== undefined) assert.deepEqual(Buffer.from(plain), other);
    }
    if (isZstd(input)) await settled(readAll(unzstdWithFzstd(fromArray(input), { maxBytes: LIMIT }), LIMIT, 'it'));
    const response = {
      status: 200,
      headers: { 'content-encoding': 'gzip' },
      url: 'https://x.test/',
      cancel: async () => undefined,
    };
    await settled(readAll(decodeBody({ ...response, body: fromArray(input) }, 'it'), LIMIT, 'it'));
    return plain === undefined ? 'refused' : 'taken';
  },
};

function isZstd(input: Uint8Array): boolean {
  return Buffer.from(input.subarray(0, 4)).toString('hex') === '28b52ffd';
}

function unzipped(input: Uint8Array): Uint8Array | undefined {
  try {
    return gunzipSync(input, { maxOutputLength: LIMIT });
  } catch {
    return undefined;
  }
}
