/** Links that lead elsewhere, alone and in chains, and files that are written through them. */
import { directory, file, hardLink, symlink } from '../layered.ts';
import { paxHeader } from '../raw-tar.ts';
import { type Case, contained, noDirectory, refused, twin } from './case.ts';

const pwned = (name: string): ReturnType<typeof file> => file(name, 'pwned');
const own = { mode: 0o755, uid: 3, gid: 4, mtime: 1_500_000_000.25 };
const inside = directory('d/', own);

export const links: readonly Case[] = [
  ...[
    contained('a file through a link', 'to the root', () => [[symlink('a', '/'), pwned('a/etc/x')]], [
      symlink('a', '/'),
      pwned('etc/x'),
    ]),
    contained('a file through a link', 'of the layer below', () => [[symlink('a', '/')], [pwned('a/etc/x')]], [
      symlink('a', '/'),
      pwned('etc/x'),
    ]),
    contained(
      'a file through a link',
      'to a directory that is there',
      (outside) => [[symlink('a', outside), pwned('a/canary'), pwned('a/new')]],
      (outside) => [symlink('a', outside), pwned(`${outside}/canary`.slice(1)), pwned(`${outside}/new`.slice(1))],
    ),
    contained('a file through a link', 'above the root', () => [[symlink('a', '../../..'), pwned('a/x')]], [
      symlink('a', '../../..'),
      pwned('x'),
    ]),
    contained(
      'a chain of links',
      'of two, which climb together',
      () => [[symlink('a', '..'), symlink('b', 'a/..'), pwned('b/x')]],
      [symlink('a', '..'), symlink('b', 'a/..'), pwned('x')],
    ),
    contained(
      'a directory through a link',
      'with permissions for all',
      (outside) => [[symlink('a', outside), directory('a/etc/', { mode: 0o777 })]],
      (outside) => [symlink('a', outside), directory(`${outside}/etc/`.slice(1), { mode: 0o777 })],
    ),
  ].map(noDirectory),
  twin(
    'a file through a link',
    'as distributions have it',
    () => [[directory('usr/'), directory('usr/bin/', own), symlink('bin', 'usr/bin', own), file('bin/sh', '#!', own)]],
    [directory('usr/'), directory('usr/bin/', own), symlink('bin', 'usr/bin', own), file('usr/bin/sh', '#!', own)],
  ),
  noDirectory(
    twin('a file through a link', 'that nobody goes through', () => [
      [
        inside,
        symlink('d/up', '../../etc/mtab', own),
        symlink('d/abs', '/proc/self', own),
        symlink('d/none', 'no/where'),
      ],
    ]),
  ),
  refused('a chain of links', 'in a circle', () => [[symlink('a', 'b'), symlink('b', 'a'), pwned('a/x')]]),
  refused('a chain of links', 'and a hard link at its end', () => [
    [directory('a/'), directory('a/b/'), directory('a/b/c/'), symlink('a/b/c/up', '../..')],
    [symlink('a/b/escape', 'c/up/../..'), hardLink('exfil', 'a/b/escape/canary')],
  ]),
  twin('a chain of links', 'of 39, which ends inside', () => [[inside, ...chain(39), file('l0/x', 'x', own)]], [
    inside,
    ...chain(39),
    file('d/x', 'x', own),
  ]),
  refused('a chain of links', 'of 41', () => [[inside, ...chain(41), pwned('l0/x')]]),
  ...['../x', '../../canary', '/etc/passwd', 'package.json', 'a', 'later'].map((target) =>
    refused('hard links', `to ${target}`, () => [[hardLink('a', target), pwned('later')]]),
  ),
  refused('hard links', 'to what is there', (outside) => [[hardLink('a', `${outside}/canary`)]]),
  refused('hard links', 'to a directory', () => [[inside, hardLink('a', 'd')]]),
  refused('hard links', 'through a link to outside', (outside) => [[symlink('l', outside), hardLink('a', 'l/canary')]]),
  refused('hard links', 'of PAX, which climb', async () => [
    [file('fine'), await paxHeader({ linkpath: '../../canary' }), hardLink('a', 'fine')],
  ]),
  noDirectory(
    contained(
      'hard links',
      'to a link to outside, written through',
      () => [[symlink('l', '../canary'), hardLink('h', 'l')], [pwned('h')]],
      [symlink('l', '../canary'), pwned('h')],
    ),
  ),
  twin('hard links', 'to a file, from elsewhere, and to a link', () => [
    [inside, file('d/f', 'one', own), hardLink('a', 'd/f'), hardLink('d/b', '/d/f'), symlink('l', 'd/f', own)],
    [hardLink('m', 'l')],
  ]),
];

function chain(length: number): ReturnType<typeof symlink>[] {
  return Array.from({ length }, (_, at) => symlink(`l${at}`, at === length - 1 ? 'd' : `l${at + 1}`, own));
}
