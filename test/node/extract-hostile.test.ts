/**
 * Archives that were made to write, link or remove outside the directory, or to confuse whoever reads them: each is refused, or becomes
 * files inside it, and nothing outside changes. Beside each kind stands one that does no harm, and comes out whole.
 */
import assert from 'node:assert/strict';
import { link, mkdir, readFile, symlink as makeLink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import type { TarFile } from '../../src/bytes/tar.ts';
import { isOciError } from '../../src/errors.ts';
import { extract } from '../../src/node/extract.ts';
import { canary } from '../support/canary.ts';
import { directory, encode, file, hardLink, layered, opaque, symlink, whiteout } from '../support/layered.ts';
import { filesBelow } from '../support/layouts.ts';
import { gnuLong, paxHeader, rawEntry, rawTar } from '../support/raw-tar.ts';

type Piece = TarFile | Uint8Array;
type Layers = readonly (readonly Piece[])[];
type Case = readonly [what: string, layers: () => Layers | Promise<Layers>];

/** Extracts; whatever comes of it, nothing outside has changed. @returns the files, or undefined when it was refused */
async function attempt(t: TestContext, layers: Layers): Promise<string[] | undefined> {
  const { target, assertUnharmed } = await canary(t);
  const image = await layered(...(await Promise.all(layers.map((layer) => rawTar(...layer)))));
  const files = image.files();
  try {
    await extract(files, '', target);
    return await filesBelow(target);
  } catch (error) {
    assert.ok(isOciError(error, 'LAYOUT_INVALID', 'LIMIT', 'TOO_LARGE', 'CONFLICT'), String(error));
    await assert.rejects(readFile(target), { code: 'ENOENT' }, 'what was begun is gone');
    return undefined;
  } finally {
    await files.close();
    await assertUnharmed();
  }
}

const pwned = (name: string): TarFile => file(name, 'pwned');

/** Refused, all of it. */
const refused: readonly Case[] = [
  ...['../x', 'a/../../x', './../x', 'a//../../x', '/../x', '..'].map(
    (name): Case => [`the name ${name}`, () => [[pwned(name)]]],
  ),
  ['a PAX path that climbs out', async () => [[await paxHeader({ path: '../../x' }), pwned('fine')]]],
  ['a GNU name that climbs out', async () => [[await gnuLong('../../x', 'L'), pwned('fine')]]],
  ['a name with a NUL in it', async () => [[await paxHeader({ path: 'a\0b' }), pwned('fine')]]],
  ['a name of 5000 characters', () => [[pwned('n'.repeat(5000))]]],
  ['a hard link to ../secret', () => [[hardLink('a', '../secret')]]],
  ['a hard link to a file of the machine', () => [[hardLink('a', '/etc/passwd')]]],
  ['a hard link to a file of the working directory', () => [[hardLink('a', 'package.json')]]],
  ['a hard link to itself', () => [[hardLink('a', 'a')]]],
  ['a hard link to what comes later', () => [[hardLink('a', 'b'), pwned('b')]]],
  ['a hard link to a directory', () => [[directory('d/'), hardLink('a', 'd')]]],
  ['a hard link through a link to outside', () => [[symlink('l', '/'), hardLink('a', 'l/etc/passwd')]]],
  [
    'a hard link at the end of a chain of links',
    () => [
      [directory('a/'), directory('a/b/'), directory('a/b/c/'), symlink('a/b/c/up', '../..')],
      [symlink('a/b/escape', 'c/up/../..'), hardLink('exfil', 'a/b/escape/secret')],
    ],
  ],
  [
    'a PAX linkpath that climbs out',
    async () => [[await paxHeader({ linkpath: '../../secret' }), hardLink('a', 'fine')]],
  ],
  ['a whiteout without a name', () => [[file('a')], [file('.wh.', '')]]],
  ['a whiteout of the folder itself', () => [[file('a')], [file('.wh..', '')]]],
  ['a whiteout of the folder above', () => [[file('a')], [file('.wh...', ''), file('d/.wh...', '')]]],
  ['files below a file', () => [[file('a'), file('a/b')]]],
  ['a circle of links as a folder', () => [[symlink('a', 'b'), symlink('b', 'a'), pwned('a/x')]]],
  ['the root as a link', () => [[symlink('.', '/'), pwned('etc/x')]]],
  ['an owner that is no number of a user', async () => [[await rawEntry(file('a'), { uid: '-1' })]]],
  ['a size that is none', async () => [[await rawEntry(pwned('a'), { size: new Uint8Array(12).fill(255) })]]],
  [
    'a size of 8 EiB',
    async () => [
      [await rawEntry(pwned('a'), { size: new Uint8Array([128, 0, 0, 0, 127, 255, 255, 255, 255, 255, 255, 255]) })],
    ],
  ],
  ['a PAX size that the archive does not have', async () => [[await paxHeader({ size: '99999999' }), pwned('a')]]],
  ['a sparse file', async () => [[await paxHeader({ 'GNU.sparse.map': '0,5', 'GNU.sparse.size': '10' }), pwned('a')]]],
  ['a type that nobody knows', async () => [[await rawEntry(file('a'), { type: '9' })]]],
  ['a time that is none', async () => [[await paxHeader({ mtime: '1e20' }), pwned('a')]]],
  ['a time beyond the year 9999', async () => [[await paxHeader({ mtime: '9999999999999' }), pwned('a')]]],
];

/** Taken, and all of it is inside. */
const contained: readonly (readonly [...Case, inside: readonly string[]])[] = [
  ['an absolute name', () => [[pwned('/x')]], ['x']],
  [
    'names with backslashes and drives',
    () => [[pwned('..\\x'), pwned('C:\\x'), pwned('C:x')]],
    ['..\\x', 'C:\\x', 'C:x'],
  ],
  ['a link to the root, and a file through it', () => [[symlink('a', '/'), pwned('a/etc/x')]], ['a', 'etc/x']],
  ['the same in two layers', () => [[symlink('a', '/')], [pwned('a/etc/x')]], ['a', 'etc/x']],
  ['a link above the root, and a file through it', () => [[symlink('a', '../../..'), pwned('a/x')]], ['a', 'x']],
  ['two links that climb together', () => [[symlink('a', '..'), symlink('b', 'a/..'), pwned('b/x')]], ['a', 'b', 'x']],
  ['a link of the name of a directory before', () => [[directory('d/'), symlink('d', '/'), pwned('d/x')]], ['d', 'x']],
  [
    'a directory of the name of a link before',
    () => [[symlink('d', '/'), directory('d/', { mode: 0o777 }), pwned('d/x')]],
    ['d/x'],
  ],
  ['a file, a link and a file of one name', () => [[file('f'), symlink('f', '../x'), pwned('f')]], ['f']],
  ['a file of the name of a link to outside', () => [[symlink('f', '../canary')], [pwned('f')]], ['f']],
  [
    'a hard link to a link to outside, written through',
    () => [[symlink('l', '../canary'), hardLink('h', 'l')], [pwned('h')]],
    ['h', 'l'],
  ],
  [
    'an opaque marker behind a link to outside',
    () => [
      [symlink('a', '..'), file('b')],
      [opaque('a'), file('c')],
    ],
    ['c'],
  ],
  [
    'a whiteout behind a link to outside',
    () => [
      [symlink('a', '..'), file('x')],
      [whiteout('a/x'), whiteout('a/canary')],
    ],
    ['a'],
  ],
  ['an opaque marker at the root', () => [[file('a')], [file('.wh..wh..opq', ''), file('b')]], ['b']],
  ['a PAX path over another name', async () => [[await paxHeader({ path: 'inside' }), pwned('../x')]], ['inside']],
  [
    'a PAX path for all, which is for none',
    async () => [[await paxHeader({ comment: 'all' }, 'g'), pwned('a')]],
    ['a'],
  ],
  ['a GNU name cut short', async () => [[await gnuLong('a', 'L'), pwned('b')]], ['a']],
  ['entries behind the end', async () => [[await rawTar(file('a')), pwned('b')]], ['a']],
  [
    'names that look alike',
    () => [[file('A'), file('a'), file('\u00e9'), file('e\u0301'), file('ß'), file('ss')]],
    ['A', 'a', 'e\u0301', 'ss', '\u00df', '\u00e9'],
  ],
  [
    'names that only Windows minds',
    () => [[file('CON'), file('a:b'), file('dot.'), file('space ')]],
    ['CON', 'a:b', 'dot.', 'space '],
  ],
  [
    'names with line breaks and escapes',
    () => [[file('a\nb'), file('\u001b[2J'), file('-rf'), file(' ')]],
    ['\u001b[2J', ' ', '-rf', 'a\nb'],
  ],
  ['a time before 1970', async () => [[await paxHeader({ mtime: '-1' }), file('a')]], ['a']],
];

describe('archives that mean harm', () => {
  for (const [what, layers] of refused) {
    test(`${what}: refused`, async (t) => assert.equal(await attempt(t, await layers()), undefined));
  }
  for (const [what, layers, inside] of contained) {
    test(`${what}: stays inside`, async (t) => {
      assert.deepEqual(await attempt(t, await layers()), [...inside].sort());
    });
  }

  test('a name that is no UTF-8 keeps its bytes', async (t) => {
    const { target, assertUnharmed } = await canary(t);
    const name = new Uint8Array([99, 97, 102, 0xe9]);
    const { files } = await layered(await rawTar(await rawEntry(file('cafe', 'old'), { name })));
    await extract(files(), '', target);
    assert.equal(await readFile(Buffer.concat([encode(`${target}/`), name]), 'utf8'), 'old');
    await assertUnharmed();
  });

  test('what stands in the target is not followed, nor written to, even by force', async (t) => {
    const { target, outside, assertUnharmed } = await canary(t);
    await mkdir(target);
    for (const name of ['d', 'e']) await makeLink(outside, join(target, name));
    await makeLink('../canary', join(target, 'f'));
    await link(join(outside, 'canary'), join(target, 'h'));
    const { files } = await layered([
      pwned('d/x'),
      pwned('f'),
      directory('e/'),
      pwned('e/y'),
      pwned('h'),
      pwned('n/z'),
    ]);
    await extract(files(), '', target, { force: true });
    assert.deepEqual(await filesBelow(target), ['d/x', 'e/y', 'f', 'h', 'n/z']);
    await assertUnharmed();
  });
});
