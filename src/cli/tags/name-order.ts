/** The order of tags by name: of the alphabet, or of the versions that they tell. */
import { tagVersions } from './versions.ts';

export type Order = (a: string, b: string) => number;

const byName: Order = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

/** `name`: A to Z. `semver`: the newest version first; what is no version comes last, A to Z. */
export async function nameOrder(sort: 'name' | 'semver'): Promise<Order> {
  if (sort === 'name') return byName;
  const versionOf = await tagVersions();
  return (a, b) => {
    const [left, right] = [versionOf(a), versionOf(b)];
    if (left === null || right === null) return left === right ? byName(a, b) : left === null ? 1 : -1;
    return right.compare(left) || byName(a, b);
  };
}
