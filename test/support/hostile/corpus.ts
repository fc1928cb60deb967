/** All tricks. */
import type { Case } from './case.ts';
import { framing } from './framing.ts';
import { links } from './links.ts';
import { names } from './names.ts';
import { packing } from './packing.ts';
import { records } from './records.ts';
import { replacing } from './replacing.ts';
import { special } from './special.ts';
import { whiteouts } from './whiteouts.ts';

export const corpus: readonly Case[] = [
  ...names,
  ...links,
  ...replacing,
  ...whiteouts,
  ...special,
  ...records,
  ...framing,
  ...packing,
];

export function titleOf({ trick, what, isTwin, refused }: Case): string {
  return `${trick}, ${what}: ${isTwin ? 'comes out whole' : refused === undefined ? 'stays inside' : 'refused'}`;
}
