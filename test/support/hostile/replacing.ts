/** One name for things of several kinds, one after the other, so that what was checked is not what is written to. */
import { directory, file, hardLink, symlink } from '../layered.ts';
import { type Case, contained, noDirectory, twin } from './case.ts';

const pwned = (name: string): ReturnType<typeof file> => file(name, 'pwned');
const own = { mode: 0o600, uid: 9, gid: 9, mtime: 1_234_567_890 };

export const replacing: readonly Case[] = [
  ...[
    contained(
      'a directory, then a link',
      'and a file below it',
      (outside) => [[directory('d/'), symlink('d', outside), pwned('d/canary')]],
      (outside) => [symlink('d', outside), pwned(`${outside}/canary`.slice(1))],
    ),
    contained(
      'a directory, then a link',
      'in the layer above, with what is in it',
      (outside) => [[directory('d/'), file('d/x')], [symlink('d', outside)], [pwned('d/x')]],
      (outside) => [symlink('d', outside), pwned(`${outside}/x`.slice(1))],
    ),
    contained(
      'a file, then a link',
      'then a file, which would be written through',
      () => [[file('f'), symlink('f', '../canary'), pwned('f')]],
      [pwned('f')],
    ),
    contained(
      'a file, then a link',
      'then a file of the layer above',
      (outside) => [[symlink('f', `${outside}/canary`)], [pwned('f')]],
      [pwned('f')],
    ),
  ].map(noDirectory),
  noDirectory(
    contained(
      'a link, then a directory',
      'of which the permissions change',
      (outside) => [[symlink('d', outside), directory('d/', { mode: 0o777 }), pwned('d/x')]],
      [directory('d/', { mode: 0o777 }), pwned('d/x')],
    ),
  ),
  contained(
    'a file, then a hard link',
    'to itself by another name, then a file',
    () => [[file('a', '1'), hardLink('b', 'a'), pwned('b')]],
    [file('a', '1'), pwned('b')],
  ),
  twin(
    'a directory, then a link',
    'of an upgrade',
    () => [
      [directory('lib/'), file('lib/old')],
      [directory('usr/'), symlink('lib', 'usr', own), file('lib/new', 'n', own)],
    ],
    [directory('usr/'), symlink('lib', 'usr', own), file('usr/new', 'n', own)],
  ),
  twin(
    'a link, then a directory',
    'and back',
    () => [[symlink('d', 'e')], [directory('d/', { ...own, mode: 0o711 }), file('d/x', 'x', own)]],
    [directory('d/', { ...own, mode: 0o711 }), file('d/x', 'x', own)],
  ),
  twin('a file, then a link', 'then a file, by name', () => [[file('f', '1'), file('f', '2', own)]], [
    file('f', '2', own),
  ]),
];
