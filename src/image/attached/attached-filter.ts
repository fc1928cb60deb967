/** Which of what hangs on an image is wanted: by type, by annotation, the newest of each type. */
import { collect } from '../../graph/collect.ts';
import { annotationsOf, type Attached, createdOf } from './attachment.ts';

export interface AttachedFilter {
  /** Of one of these types: the artifact's own, or that of what is attested. */
  readonly artifactTypes?: readonly string[] | undefined;
  /** With all of these annotations; undefined: whatever the value. */
  readonly annotations?: Readonly<Record<string, string | undefined>> | undefined;
  /** Of those of one type that hang on the same manifest, the newest by its time; then nothing comes before all is known. */
  readonly latest?: boolean | undefined;
  /**
   * An annotation that tells their order, and which is the newest: the highest value first, numbers in it as numbers, those without it
   * last. Unless told, they come as they are found.
   */
  readonly sortBy?: string | undefined;
}

type Order = (a: Attached, b: Attached) => number;

/** Those that are wanted, in their order. */
export async function* filterAttached(all: AsyncIterable<Attached>, filter: AttachedFilter): AsyncGenerator<Attached> {
  const { latest = false, sortBy } = filter;
  const order = sortBy === undefined ? byTime : byAnnotation(sortBy);
  const found = matching(all, filter);
  const wanted = sortBy === undefined ? found : (await collect(found)).sort(order);
  if (!latest) return yield* wanted;
  const newest = new Map<string, Attached>();
  for await (const one of wanted) {
    const key = JSON.stringify([one.subject, one.descriptor.artifactType, one.predicateTypes]);
    const before = newest.get(key);
    if (before === undefined || order(one, before) < 0) newest.set(key, one);
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

/** The newest first. */
function byTime(a: Attached, b: Attached): number {
  const [left, right] = [createdMs(a), createdMs(b)];
  return left === right ? 0 : right - left;
}

function byAnnotation(name: string): Order {
  // `1.10` comes before `1.9`, wherever this runs. Made only here: it loads the languages of the world.
  const inOrder = new Intl.Collator('en', { numeric: true });
  const valueOf = (one: Attached): string | undefined => {
    const own = annotationsOf(one);
    return Object.hasOwn(own, name) ? own[name] : undefined;
  };
  return (a, b) => {
    const [left, right] = [valueOf(a), valueOf(b)];
    if (left === undefined || right === undefined) return Number(left === undefined) - Number(right === undefined);
    return inOrder.compare(right, left);
  };
}

function createdMs(one: Attached): number {
  const time = createdOf(one);
  return time === undefined ? -Infinity : Date.parse(time);
}
