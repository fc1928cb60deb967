/** Markers that hide files: without a name, of what is outside, behind links. */
import { directory, file, opaque, symlink, whiteout } from '../layered.ts';
import { type Case, contained, noDirectory, refused, twin } from './case.ts';

const own = { mode: 0o751, uid: 1, gid: 2, mtime: 1_000_000_000 };

export const whiteouts: readonly Case[] = [
  ...['.wh.', '.wh..', '.wh...', 'd/.wh..', 'd/.wh...'].map((name) =>
    refused('whiteouts without a name', name, () => [[file('a')], [file(name, '')]]),
  ),
  ...[
    contained(
      'whiteouts behind a link',
      'to outside',
      (outside) => [
        [symlink('a', outside), file('x')],
        [whiteout('a/canary'), whiteout('a/etc'), whiteout('a/../near')],
      ],
      (outside) => [symlink('a', outside), file('x')],
    ),
    contained(
      'whiteouts behind a link',
      'that climbs',
      () => [
        [symlink('a', '..'), file('x'), file('y')],
        [whiteout('a/x'), whiteout('a/canary')],
      ],
      [symlink('a', '..'), file('y')],
    ),
    contained(
      'opaque markers',
      'behind a link to outside',
      (outside) => [
        [symlink('a', outside), file('b')],
        [opaque('a'), opaque('a/etc')],
      ],
      (outside) => [symlink('a', outside), file('b')],
    ),
    contained(
      'opaque markers',
      'at the root',
      () => [
        [file('a'), directory('d/'), file('d/x')],
        [file('.wh..wh..opq', ''), file('b')],
      ],
      [file('b')],
    ),
    twin(
      'whiteouts behind a link',
      'that stays inside',
      () => [[directory('d/', own), file('d/x'), file('d/y', 'y', own), symlink('l', 'd', own)], [whiteout('l/x')]],
      [directory('d/', own), file('d/y', 'y', own), symlink('l', 'd', own)],
    ),
    twin(
      'whiteouts without a name',
      'with one, and of what is not there',
      () => [
        [file('a'), file('b', 'b', own), file('.whole', 'w', own)],
        [whiteout('a'), whiteout('no/thing')],
      ],
      [file('b', 'b', own), file('.whole', 'w', own)],
    ),
    twin(
      'opaque markers',
      'of one directory',
      () => [
        [directory('d/'), file('d/old'), file('k', 'k', own)],
        [directory('d/', own), opaque('d'), file('d/n', 'n', own)],
      ],
      [directory('d/', own), file('d/n', 'n', own), file('k', 'k', own)],
    ),
  ].map(noDirectory),
];
