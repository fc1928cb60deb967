/** The environment of an image, edited. */
import { OciError } from '../../errors.ts';
import { quote } from '../../model/quote.ts';
import type { MapEdits } from './map-edits.ts';

export interface EnvOptions {
  /** Nothing of what there was is left. */
  readonly isCleared?: boolean | undefined;
  /** Names are the same whatever their case, as for Windows. */
  readonly foldsCase?: boolean | undefined;
}

/**
 * Variables as `NAME=value`, in their order. As docker does, a new value takes the place of the first of its name; the others
 * of it go, since programs disagree about which of two counts.
 * @throws OciError `USAGE` for what cannot be the name or the value of a variable
 */
export function editEnv(
  current: readonly string[] = [],
  edits: MapEdits = {},
  { isCleared = false, foldsCase = false }: EnvOptions = {},
): readonly string[] {
  const keyOf = (name: string): string => (foldsCase ? name.toUpperCase() : name);
  const wanted = new Map(Object.entries(edits).map(([name, value]) => [keyOf(name), variable(name, value)]));
  const placed = new Set<string>();
  const place = (key: string): readonly string[] => {
    const entry = wanted.get(key);
    if (entry === undefined || placed.has(key)) return [];
    placed.add(key);
    return [entry];
  };
  const kept = (isCleared ? [] : current).flatMap((entry) => {
    const key = keyOf(entry.split('=', 1)[0] ?? '');
    return wanted.has(key) ? place(key) : [entry];
  });
  return [...kept, ...[...wanted.keys()].flatMap(place)];
}

/** undefined: it is removed. */
function variable(name: string, value: string | null): string | undefined {
  if (name === '' || /[=\0]/.test(name)) throw new OciError('USAGE', `${quote(name)} is not the name of a variable`);
  if (value?.includes('\0') === true) throw new OciError('USAGE', `the value of ${quote(name)} holds a zero byte`);
  return value === null ? undefined : `${name}=${value}`;
}
