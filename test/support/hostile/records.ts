/** Records before a header (PAX, GNU) that contradict it or each other, and sizes that contradict the archive. */
import { concat, fromArray } from '../../../src/bytes/read.ts';
import { directory, encode, file, hardLink, symlink, tarOf } from '../layered.ts';
import { gnuLong, paxHeader, rawEntry } from '../raw-tar.ts';
import { type Case, contained, type Piece, refused, twin } from './case.ts';

const pwned = (name: string): ReturnType<typeof file> => file(name, 'pwned');
const own = { mode: 0o745, uid: 11, gid: 12, mtime: 999_999_999 };
const attribute = 'SCHILY.xattr.user.a';

/** A PAX header of this text, whatever that is. */
function pax(text: string): Promise<Uint8Array> {
  const bytes = encode(text);
  return rawEntry({ name: 'Pax', size: bytes.length, body: fromArray(bytes) }, { type: 'x' });
}

/** Headers where a reader who is wrong about a size looks for one. */
async function hidden(): Promise<Uint8Array> {
  return (await tarOf([pwned('hidden')])).subarray(0, -1024);
}

async function holding(name: string, type: string): Promise<Uint8Array> {
  const body = await hidden();
  return rawEntry({ ...own, name, size: body.length, body: fromArray(body) }, { type });
}

const more = (count: number, make: (at: number) => Promise<Uint8Array>): Promise<Uint8Array[]> =>
  Promise.all(Array.from({ length: count }, (_, at) => make(at)));

const malformed: Readonly<Record<string, string>> = {
  'shorter than they say': '30 path=ab\n12 path=evil\n',
  'longer than they say': '9 path=ab\n12 path=evil\n',
  'without their line break': '10 path=abc',
  'with zeros behind them': '10 path=ab\n\0\0',
  'without a key': '6 =ab\n',
  'of a negative length': '-9 path=a\n',
};

/** A header in the middle of an archive. */
const inside = (what: string, pieces: () => Promise<readonly Piece[]>): Case =>
  refused('sizes that are none', what, async () => [[file('a'), ...(await pieces())]], { at: 'headers' });

export const records: readonly Case[] = [
  ...Object.entries(malformed).map(([what, text]) =>
    refused('PAX records', what, async () => [[await pax(text), file('own')]], { at: 'head' }),
  ),
  contained('PAX against the header', 'path', async () => [[await paxHeader({ path: 'in' }), pwned('../x')]], [
    pwned('in'),
  ]),
  inside('of PAX, against the header', async () => [
    await paxHeader({ size: '1024' }),
    file('own', 'x'),
    file('b'),
    file('c'),
  ]),
  inside('of PAX, beyond the archive', async () => [await paxHeader({ size: '99999999' }), pwned('b')]),
  contained(
    'PAX for all',
    'path and size, which are for none',
    async () => [
      [await paxHeader({ path: '../x', size: '0' }, 'g'), await paxHeader({ comment: 'c' }), file('a'), file('b')],
    ],
    [file('a'), file('b')],
  ),
  contained(
    'PAX on PAX',
    'the second counts',
    async () => [[await paxHeader({ path: '../x' }), await paxHeader({ path: 'b' }), file('a')]],
    [file('b', 'a')],
  ),
  contained(
    'PAX on PAX',
    'and a name of GNU, which counts',
    async () => [[await gnuLong('gnu', 'L'), await paxHeader({ path: '../x' }), file('a')]],
    [file('gnu', 'a')],
  ),
  refused(
    'PAX on PAX',
    'without end',
    async () => [[...(await more(40, () => paxHeader({ comment: 'c'.repeat(30_000) }))), file('a')]],
    { at: 'head', code: 'LIMIT' },
  ),
  twin(
    'PAX records',
    'of every field, and attributes',
    async () => [
      [
        await paxHeader({ path: 'grüße', uid: '70000000', mtime: '1.5', [attribute]: 'x'.repeat(60_000), comment: '' }),
        file('short', 'x', own),
        await paxHeader({ linkpath: 'grüße' }),
        symlink('l', 'x', own),
      ],
    ],
    [file('grüße', 'x', { ...own, uid: 70_000_000, mtime: 1.5 }), symlink('l', 'grüße', own)],
  ),
  twin(
    'PAX for all',
    'as git writes it',
    async () => [[await paxHeader({ comment: 'f'.repeat(40) }, 'g'), file('a', 'x', own)]],
    [file('a', 'x', own)],
  ),
  refused(
    'names of GNU',
    'cut short',
    async () => [[file('a'), (await gnuLong('n'.repeat(600), 'L')).subarray(0, 1024)]],
    { at: 'headers' },
  ),
  twin(
    'names of GNU',
    'of a file and a link',
    async () => [
      [
        await gnuLong('n'.repeat(200), 'L'),
        file('n', 'x', own),
        await gnuLong('n'.repeat(200), 'K'),
        symlink('l', 'n', own),
      ],
    ],
    [file('n'.repeat(200), 'x', own), symlink('l', 'n'.repeat(200), own)],
  ),
  inside('negative, in bits', async () => [await rawEntry(pwned('b'), { size: new Uint8Array(12).fill(255) })]),
  inside('of 8 EiB', async () => [
    await rawEntry(pwned('b'), { size: new Uint8Array([128, 0, 0, 0, 127, 255, 255, 255, 255, 255, 255, 255]) }),
  ]),
  inside('of 96 bits', async () => [
    await rawEntry(pwned('b'), { size: new Uint8Array([129, ...new Uint8Array(11)]) }),
  ]),
  inside('negative, of PAX', async () => [await paxHeader({ size: '-1' }), pwned('b')]),
  inside('with letters behind the digits', async () => [await rawEntry(file('b', 'x'), { size: '0000000001x' })]),
  inside('with spaces between the digits', async () => [await rawEntry(file('b', 'x'), { size: '00000 00001' })]),
  twin(
    'sizes that are none',
    'of what has no body',
    async () => [
      [
        file('a', 'x', own),
        await rawEntry(directory('d/', own), { size: '77777777777' }),
        await rawEntry(symlink('l', 'a', own), { size: '00000001000' }),
        await rawEntry(hardLink('h', 'a'), { size: '00000000001' }),
      ],
    ],
    [file('a', 'x', own), directory('d/', own), symlink('l', 'a', own), hardLink('h', 'a')],
  ),
  contained(
    'a file that could be a directory',
    'with headers in it',
    async () => [[await holding('d/', '0')]],
    () => [file('d', hiddenBytes, own)],
  ),
  contained('a file that could be a directory', 'of no type, as of old', async () => [[await holding('d/', '\0')]], [
    directory('d/', own),
    pwned('hidden'),
  ]),
  twin(
    'a file that could be a directory',
    'in an archive of 1979',
    async () => [
      [await rawEntry(file('d/', '', own), { type: '\0' }), await rawEntry(file('d/f', 'x', own), { type: '\0' })],
    ],
    [directory('d/', own), file('d/f', 'x', own)],
  ),
  refused(
    'sparse files',
    'of a map that overlaps',
    async () => [
      [
        file('a'),
        await paxHeader({ 'GNU.sparse.major': '1', 'GNU.sparse.map': '0,5,3,5', 'GNU.sparse.size': '8' }),
        pwned('b'),
      ],
    ],
    { at: 'headers' },
  ),
  refused(
    'sparse files',
    'of a map that goes backwards',
    async () => [[file('a'), await paxHeader({ 'GNU.sparse.map': '9,1,0,1', 'GNU.sparse.size': '8' }), pwned('b')]],
    { at: 'headers' },
  ),
  refused('sparse files', 'of the old kind', async () => [[file('a'), await rawEntry(file('b', 'x'), { type: 'S' })]], {
    at: 'headers',
  }),
  twin('sparse files', 'of zeros, written out', () => [[file('zeros', new Uint8Array(100_000), own)]]),
];

const hiddenBytes = concat([await hidden()]);
