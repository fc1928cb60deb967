/** The fields of two documents, compared one by one; those of a map key by key. What the fields of a document are, others decide. */
import { isObject } from '../../model/descriptor.ts';

/** `added`: only the second image has it. `removed`: only the first one has it. `changed`: both do, not the same. */
export type ChangeKind = 'added' | 'removed' | 'changed';

/** A value of a document. */
export interface Field {
  /** Its name, after those of the fields that it is in: `config.User`. */
  readonly field: string;
  /** In a map (variables, labels, annotations, ports, volumes), the name of the member. */
  readonly key?: string | undefined;
  readonly value: unknown;
}

/** A value that differs. */
export interface FieldChange {
  readonly kind: ChangeKind;
  readonly field: string;
  readonly key?: string | undefined;
  /** As it is in the JSON of the first image. */
  readonly before?: unknown;
  /** As it is in the JSON of the second image. */
  readonly after?: unknown;
}

/** What differs, in the order in which the fields stand in the first document, then in the second; keys of a map are sorted. */
export function diffFields(before: readonly Field[], after: readonly Field[]): readonly FieldChange[] {
  const [old, current] = [byName(before), byName(after)];
  const places = new Map([...before, ...after].map(({ field }) => [field, 0]));
  for (const [at, field] of [...places.keys()].entries()) places.set(field, at);
  const names = [...new Set([...old.keys(), ...current.keys()])];
  return names
    .flatMap((name) => changeOf(old.get(name), current.get(name)) ?? [])
    .sort((a, b) => (places.get(a.field) ?? 0) - (places.get(b.field) ?? 0) || order(a.key ?? '', b.key ?? ''));
}

/** The last one of a name counts. */
function byName(fields: readonly Field[]): ReadonlyMap<string, Field> {
  return new Map(fields.map((one) => [JSON.stringify([one.field, one.key]), one]));
}

function changeOf(before: Field | undefined, after: Field | undefined): FieldChange | undefined {
  const { field, key } = before ?? after ?? { field: '' };
  const named = { field, ...(key === undefined ? {} : { key }) };
  if (before === undefined) return { kind: 'added', ...named, after: after?.value };
  if (after === undefined) return { kind: 'removed', ...named, before: before.value };
  if (isSame(before.value, after.value)) return undefined;
  return { kind: 'changed', ...named, before: before.value, after: after.value };
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Are two JSON values the same, whatever the order of their keys? */
export function isSame(a: unknown, b: unknown): boolean {
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((one, at) => isSame(one, b[at]));
  if (!isObject(a) || !isObject(b)) return a === b;
  const [own, other] = [Object.keys(a), Object.keys(b)];
  return own.length === other.length && own.every((name) => Object.hasOwn(b, name) && isSame(a[name], b[name]));
}

/** The members of a map as fields. */
export function members(field: string, map: unknown): readonly Field[] {
  return isObject(map) ? Object.entries(map).map(([key, value]) => ({ field, key, value })) : [];
}
