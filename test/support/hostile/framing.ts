/** The frame of an archive: checksums, its end, what stands behind it, and how much of everything there is. */
import { concat } from '../../../src/bytes/read.ts';
import type { TarFile } from '../../../src/bytes/tar.ts';
import { directory, file, symlink, tarOf } from '../layered.ts';
import { paxHeader, rawEntry } from '../raw-tar.ts';
import { type Case, contained, gzipped, type Packed, refused, twin } from './case.ts';

const pwned = (name: string): TarFile => file(name, 'pwned');
const own = { mode: 0o444, uid: 21, gid: 22, mtime: 777_777_777 };
const two = [file('a', 'x', own), file('b', 'y', own)];

/** The bytes of the archive, changed. */
async function changed(entries: readonly TarFile[], change: (bytes: Uint8Array) => Uint8Array): Promise<[Packed]> {
  return [await gzipped(change((await tarOf(entries)).slice()))];
}

function withByte(at: number, value: number): (bytes: Uint8Array) => Uint8Array {
  return (bytes) => {
    bytes[at] = value;
    return bytes;
  };
}

export const framing: readonly Case[] = [
  refused('checksums', 'wrong, of the first header', () => changed(two, withByte(1, 65)), { at: 'head' }),
  refused('checksums', 'wrong, of the second header', () => changed(two, withByte(1025, 65)), { at: 'headers' }),
  refused(
    'checksums',
    'of letters',
    async () => [[file('a'), withByte(148, 0x7a)((await rawEntry(file('b'), {})).slice())]],
    {
      at: 'headers',
    },
  ),
  refused('the end', 'in the middle of a header', () => changed(two, (bytes) => bytes.subarray(0, 1300)), {
    at: 'headers',
  }),
  refused('the end', 'in the middle of a file', () => changed(two, (bytes) => bytes.subarray(0, 1536)), {
    at: 'headers',
  }),
  refused(
    'the end',
    'and no end: one block of zeros between files',
    async () => [[file('a'), new Uint8Array(512), pwned('b')]],
    { at: 'headers' },
  ),
  contained(
    'data behind the end',
    'another archive',
    async () => [[file('a'), await tarOf([pwned('b')]), pwned('c')]],
    [file('a'), pwned('b')],
  ),
  twin(
    'data behind the end',
    'zeros, as tar(1) fills a record',
    () => changed(two, (bytes) => concat([bytes, new Uint8Array(8192)])),
    two,
  ),
  twin('the end', 'that is missing', () => changed(two, (bytes) => bytes.subarray(0, -1024)), two),
  twin(
    'the end',
    'that is missing, with what fills a block',
    () => changed(two, (bytes) => bytes.subarray(0, 1537)),
    two,
  ),
  twin('the end', 'of one block', () => changed(two, (bytes) => bytes.subarray(0, -512)), two),
  twin('the end', 'that is all', async () => [[]], []),
  twin(
    'many entries',
    'of one name, empty',
    () => [[...Array.from({ length: 400 }, () => file('a', '')), file('a', 'x', own)]],
    [file('a', 'x', own)],
  ),
  twin('many entries', 'of as many names', () => [Array.from({ length: 150 }, (_, at) => file(`f${at}`, '', own))]),
  refused(
    'deep directories',
    'of 100 000 levels',
    async () => [[await paxHeader({ path: `${'d/'.repeat(100_000)}f` }), pwned('f')]],
    { at: 'head' },
  ),
  refused('deep directories', 'of 4200 levels, through links', () => [deep(3)], { code: 'LIMIT' }),
  twin('deep directories', 'of 120 levels', () => [[file(`${'d/'.repeat(120)}f`, 'x', own)]]),
];

/** Each link leads to where the last one did, and 1340 levels on; of longer links, less would be followed. */
function deep(links: number): TarFile[] {
  const below = 'd/'.repeat(1340);
  const chain = Array.from({ length: links }, (_, at) => symlink(`l${at}`, `${at === 0 ? '' : `l${at - 1}/`}${below}`));
  return [...chain.flatMap((link, at) => [link, directory(`l${at}/d/`)]), pwned(`l${links - 1}/${'d/'.repeat(200)}f`)];
}
