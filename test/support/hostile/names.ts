/** Names that lead out, that are read in two ways, or that no file system takes. */
import { encode, file } from '../layered.ts';
import { gnuLong, paxHeader, rawEntry } from '../raw-tar.ts';
import { type Case, contained, refused, twin } from './case.ts';

const pwned = (name: string): ReturnType<typeof file> => file(name, 'pwned');
const own = { mode: 0o640, uid: 7, gid: 8, mtime: 1_600_000_000 };
const latin = new Uint8Array([99, 97, 102, 0xe9]);

export const names: readonly Case[] = [
  ...['../x', 'a/../../x', './../x', 'a//../../x', '/../x', '..'].map((name) =>
    refused('names that climb out', name, () => [[pwned(name)]]),
  ),
  refused('names that climb out', 'a PAX path', async () => [[await paxHeader({ path: '../../x' }), pwned('fine')]]),
  refused('names that climb out', 'a long name of GNU', async () => [[await gnuLong('../../x', 'L'), pwned('fine')]]),
  twin('names that climb out', 'names with dots', () => [
    [file('..x', 'x', own), file('a..', 'x'), file('.../y', 'y')],
  ]),
  twin('names that climb out', 'a climb that stays inside', () => [[file('a/b/../../x', 'x', own)]], [
    file('x', 'x', own),
  ]),
  contained('absolute names', '/x', () => [[pwned('/x')]], [pwned('x')]),
  contained(
    'absolute names',
    'of what is there',
    (outside) => [[pwned(`${outside}/canary`)]],
    (outside) => [pwned(`${outside}/canary`.slice(1))],
  ),
  twin('absolute names', './x', () => [[file('./x', 'x', own)]], [file('x', 'x', own)]),
  contained(
    'names of Windows',
    'backslashes and drives',
    () => [['..\\x', 'C:\\x', 'C:x', '\\\\srv\\x'].map(pwned)],
    ['..\\x', 'C:\\x', 'C:x', '\\\\srv\\x'].map(pwned),
  ),
  twin('names of Windows', 'devices, streams, dots and spaces', () => [
    [file('CON', 'x', own), file('a:b'), file('dot.'), file('space ')],
  ]),
  refused('a NUL in a name', 'of PAX', async () => [[await paxHeader({ path: 'a\0b' }), pwned('fine')]], {
    at: 'head',
  }),
  refused(
    'a NUL in a name',
    'of a link, of PAX',
    async () => [[file('a'), await paxHeader({ linkpath: 'a\0b' }), { name: 'l', type: 'symlink', linkname: 'x' }]],
    { at: 'headers' },
  ),
  twin(
    'a NUL in a name',
    'behind a name of GNU, where it belongs',
    async () => [[await gnuLong('long\0rest', 'L'), file('short', 'x', own)]],
    [file('long', 'x', own)],
  ),
  refused('long names', 'of 5000 characters', () => [[pwned('n'.repeat(5000))]], { at: 'head' }),
  refused('long names', 'that no directory takes', () => [[pwned('n'.repeat(300))]], { at: 'disk', code: 'IO' }),
  twin('long names', 'of 255 characters, 15 deep', () => [[file(`${`${'n'.repeat(254)}/`.repeat(15)}f`, 'x', own)]]),
  twin(
    'names that are no UTF-8',
    'in latin 1',
    async () => [[await rawEntry(file('cafe', 'x', own), { name: latin })]],
    [file('caf\udce9', 'x', own)],
  ),
  twin('names with control characters', 'line breaks, escapes, flags', () => [
    [file('a\nb', 'x', own), file('\u001b[2J'), file('-rf'), file(' '), file('.hidden', encode('x'))],
  ]),
  twin('names that look alike', 'case, accents and ß', () => [
    [file('A', '1', own), file('a', '2'), file('\u00e9', '3'), file('e\u0301', '4'), file('ß', '5'), file('ss', '6')],
  ]),
];
