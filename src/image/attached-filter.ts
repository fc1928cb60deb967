/** Which of what hangs on an image is wanted: by type, by annotation, the newest of each type. */
import { annotationsOf, type Attached, createdOf } from './attachment.ts';

export interface AttachedFilter {
  /** Of one of these types: the artifact's own, or that of what is attested. */
  readonly artifactTypes?: readonly string[] | undefined;
  /** With all of these annotations; undefined: whatever the value. */
  readonly annotations?: Readonly<Record<string, string | undefined>> | undefined;
  /** Of those of one type that hang on the same manifest, the newest by its time; then nothing comes before all is known. */
  readonly latest?: boolean | undefined;
}

/** Those that are wanted, in their order. */
export async function* filterAttached(all: AsyncIterable<Attached>, filter: AttachedFilter): AsyncGenerator<Attached> {
  const wanted = matching(all, filter);
  if (filter.latest !== true) return yield* wanted;
  const newest = new Map<string, Attached>();
  for await (const one of wanted) {
    const key = JSON.stringify([one.subject, one.descriptor.artifactType, one.predicateTypes]);
    const before = newest.get(key);
    if (before === undefined || createdMs(one) > createdMs(before)) newest.set(key, one);
  }
  yield* newest.values();
}

async function* matching(all: AsyncIterable<Attached>, filter: AttachedFilter): AsyncGenerator<Attached> {
  for await (const one of all) if (isWanted(one, filter)) yield one;
}

/** Is it of a type and with the annotations that are wanted? */
export function isWanted(one: Attached, { artifactTypes = [], annotations = {} }: AttachedFilter): boolean {
  const types = [one.descriptor.artifactType, ...(one.predicateTypes ?? [])];
  if (artifactTypes.length > 0 && !types.some((type) => type !== undefined && artifactTypes.includes(type)))
    return false;
  const own = annotationsOf(one);
  return Object.entries(annotations).every(([name, value]) =>
    value === undefined ? Object.hasOwn(own, name) : Object.hasOwn(own, name) && own[name] === value,
  );
}

function createdMs(one: Attached): number {
  const time = createdOf(one);
  return time === undefined ? -Infinity : Date.parse(time);
}
