import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { readAll } from '../../../../src/bytes/read.ts';
import { archivePieces, withoutEntries } from '../../../../src/image/toc/write/archive-pieces.ts';
import { crc64 } from '../../../../src/image/toc/write/crc64.ts';
import { modificationTime, timeText } from '../../../../src/image/toc/write/time-text.ts';
import { inPieces } from '../../../support/lazy-archive.ts';
import { encode, file, tarOf } from '../../../support/layered.ts';

const LIMIT = 1 << 24;
const entries = fc.array(
  fc.record({ size: fc.integer({ min: 0, max: 1600 }), isKept: fc.boolean(), long: fc.boolean() }),
  { maxLength: 12 },
);
const nameOf = ({ isKept, long }: { isKept: boolean; long: boolean }, at: number): string =>
  `${isKept ? 'kept' : 'gone'}/${long ? 'long-name/'.repeat(20) : ''}${at}`;

describe('CAP-G15: an archive taken apart', () => {
  test('is itself again when it is put together, and without entries what it would be if it never had them', async () => {
    await fc.assert(
      fc.asyncProperty(entries, fc.integer({ min: 1, max: 3000 }), async (specs, cut) => {
        const files = specs.map((spec, at) => file(nameOf(spec, at), new Uint8Array(spec.size).fill(at + 1)));
        const tar = await tarOf(files);
        const parts: Uint8Array[] = [];
        let count = 0;
        for await (const { lead, header, body } of archivePieces(inPieces(tar, cut))) {
          parts.push(lead, await readAll(body, LIMIT, 'body'));
          if (header !== undefined) assert.equal(header.name, files[count++]?.name);
        }
        assert.equal(count, files.length);
        assert.deepEqual(Buffer.concat(parts), Buffer.from(tar));
        const isKept = ({ name }: { readonly name: string }): boolean => name.startsWith('kept');
        const left = await readAll(withoutEntries(inPieces(tar, cut), isKept), LIMIT, 'archive');
        assert.deepEqual(Buffer.from(left), Buffer.from(await tarOf(files.filter(isKept))));
      }),
      { numRuns: 60 },
    );
  });
});

describe('CAP-G15: what a table of contents tells', () => {
  test('has times as RFC 3339 has them, with all digits, and none for years that it does not know', () => {
    const cases: readonly (readonly [string, string | undefined])[] = [
      ['0', '1970-01-01T00:00:00Z'],
      ['1600000000.100000000', '2020-09-13T12:26:40.1Z'],
      ['1600000000.1234567899', '2020-09-13T12:26:40.123456789Z'],
      ['-0.000000001', '1969-12-31T23:59:59.999999999Z'],
      ['-1.5', '1969-12-31T23:59:58.5Z'],
      ['253402300799', '9999-12-31T23:59:59Z'],
      ['253402300800', undefined],
      ['-62167219201', undefined],
      ['1e21', undefined],
      ['', undefined],
    ];
    for (const [seconds, text] of cases) assert.equal(timeText(seconds), text, seconds);
    const header = { name: 'a', type: 'file', size: 0, mode: 0, uid: 0, gid: 0, mtime: 5 } as const;
    assert.equal(modificationTime({ ...header, pax: { mtime: '1600000000.5' } }), '1970-01-01T00:00:05Z');
  });

  test('has the checksum of CRC-64/GO-ISO', () => {
    const sum = crc64();
    sum.update(encode('1234'));
    sum.update(encode('56789'));
    assert.equal(Buffer.from(sum.digest()).toString('hex'), 'b90956c775a41001');
    assert.equal(Buffer.from(crc64().digest()).toString('hex'), '0000000000000000');
  });
});
