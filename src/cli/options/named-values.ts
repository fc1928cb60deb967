/** Values by name on the command line: `NAME=VALUE` sets one, `--rm-… NAME` removes one, `--rm-… '*'` all that there were. */
import { InvalidArgumentError } from '@commander-js/extra-typings';
import type { MapEdits } from '../../image/change/map-edits.ts';
import { many } from './shared.ts';

/** Stands for every name. */
const ALL = '*';

/** Collects `NAME=VALUE`. */
export function manyPairs(text: string, before: readonly string[] | undefined): readonly string[] {
  if (text.indexOf('=') > 0) return many(text, before);
  throw new InvalidArgumentError('It is not NAME=VALUE.');
}

/** What the flags make of single names; undefined when there are none. A name that is set is not removed. */
export function pairEdits(
  set: readonly string[] | undefined,
  removed: readonly string[] | undefined,
): MapEdits | undefined {
  const edits = [
    ...(removed ?? []).filter((name) => name !== ALL).map((name) => [name, null] as const),
    ...(set ?? []).map(pairOf),
  ];
  return edits.length === 0 ? undefined : Object.fromEntries(edits);
}

/** The same of names without values. */
export function memberEdits(
  added: readonly string[] | undefined,
  removed: readonly string[] | undefined,
): Readonly<Record<string, boolean>> | undefined {
  const edits = [
    ...(removed ?? []).filter((name) => name !== ALL).map((name) => [name, false] as const),
    ...(added ?? []).map((name) => [name, true] as const),
  ];
  return edits.length === 0 ? undefined : Object.fromEntries(edits);
}

/** Is all removed that there was? */
export function removesAll(removed: readonly string[] | undefined): boolean {
  return removed?.includes(ALL) === true;
}

function pairOf(text: string): readonly [name: string, value: string] {
  const at = text.indexOf('=');
  return [text.slice(0, at), text.slice(at + 1)];
}
