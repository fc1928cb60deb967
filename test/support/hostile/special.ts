/** Devices, pipes, programs that run as somebody else, and numbers of owners and times that are none. */
import type { TarFile } from '../../../src/bytes/tar.ts';
import { directory, file } from '../layered.ts';
import { paxHeader, rawEntry } from '../raw-tar.ts';
import { type Case, contained, noDirectory, refused, twin } from './case.ts';

const own = { mode: 0o644, uid: 1000, gid: 1000, mtime: 1_111_111_111 };
const bits = (...bytes: number[]): Uint8Array => new Uint8Array(bytes);
const device = (name: string, devmajor: number, devminor: number, more: Partial<TarFile> = {}): TarFile => ({
  ...more,
  name,
  type: 'character-device',
  devmajor,
  devminor,
});

export const special: readonly Case[] = [
  {
    ...noDirectory(
      contained(
        'devices',
        'of numbers that no kernel has',
        async () => [[file('a'), await rawEntry(device('far', 0, 0), { devmajor: bits(128, 0, 1, 0, 0, 0, 0, 0) })]],
        [file('a')],
      ),
    ),
    leftOut: ['far'],
  },
  refused(
    'devices',
    'of negative numbers',
    async () => [
      [file('a'), await rawEntry(device('d', 0, 0), { devminor: bits(255, 255, 255, 255, 255, 255, 255, 255) })],
    ],
    { at: 'headers' },
  ),
  noDirectory(
    twin('devices', 'and a pipe', () => [
      [
        device('null', 1, 3, { ...own, mode: 0o666 }),
        { ...own, name: 'loop', type: 'block-device', devmajor: 7, devminor: 0 },
        { ...own, name: 'pipe', type: 'fifo', mode: 0o600 },
      ],
    ]),
  ),
  refused(
    'sockets',
    'and other unknown types',
    async () => [[file('a'), await rawEntry(file('s', ''), { type: 's' })]],
    {
      at: 'headers',
    },
  ),
  refused(
    'sockets',
    'the old long names of GNU',
    async () => [[file('a'), await rawEntry(file('n', 'x'), { type: 'N' })]],
    {
      at: 'headers',
    },
  ),
  twin('programs that run as somebody else', 'of root and of others', () => [
    [
      file('su', '#!', { mode: 0o4755, mtime: 5 }),
      file('wall', '#!', { mode: 0o2755, uid: 3, gid: 5, mtime: 6 }),
      directory('tmp/', { mode: 0o1777, mtime: 7 }),
      directory('mail/', { mode: 0o2775, gid: 8, mtime: 8 }),
    ],
  ]),
  refused('owners', '-1', async () => [[await rawEntry(file('a'), { uid: '-1' })]], { at: 'head' }),
  refused(
    'owners',
    '-1 in bits',
    async () => [[await rawEntry(file('a'), { uid: bits(255, 255, 255, 255, 255, 255, 255, 255) })]],
    { at: 'head' },
  ),
  refused('owners', 'of 2^32', async () => [[await paxHeader({ gid: '4294967296' }), file('a')]], { at: 'disk' }),
  refused('owners', 'that are a word', async () => [[file('x'), await paxHeader({ uid: 'root' }), file('a')]], {
    at: 'headers',
  }),
  twin(
    'owners',
    'of 2^31, in both ways',
    async () => [
      [
        await rawEntry(file('a', 'x', own), { uid: bits(128, 0, 0, 0, 128, 0, 0, 0) }),
        file('b', 'x', { ...own, gid: 2 ** 31 }),
      ],
    ],
    [file('a', 'x', { ...own, uid: 2 ** 31 }), file('b', 'x', { ...own, gid: 2 ** 31 })],
  ),
  refused('times', '1e20', async () => [[await paxHeader({ mtime: '1e20' }), file('a')]], { at: 'head' }),
  refused('times', 'nan', async () => [[await paxHeader({ mtime: 'nan' }), file('a')]], { at: 'head' }),
  refused('times', 'beyond the year 9999', async () => [[await paxHeader({ mtime: '9999999999999' }), file('a')]], {
    at: 'disk',
  }),
  refused('times', 'that are letters', async () => [[await rawEntry(file('a'), { mtime: 'yesterday' })]], {
    at: 'head',
  }),
  twin(
    'times',
    'before 1970, and with fractions',
    async () => [
      [
        await paxHeader({ mtime: '-86400.5' }),
        file('a', 'x', { ...own, mtime: 0 }),
        await rawEntry(file('b', 'x', own), { mtime: new Uint8Array(12).fill(255) }),
        file('c', 'x', { ...own, mtime: 1.25 }),
      ],
    ],
    [
      file('a', 'x', { ...own, mtime: -86400.5 }),
      file('b', 'x', { ...own, mtime: -1 }),
      file('c', 'x', { ...own, mtime: 1.25 }),
    ],
  ),
];
