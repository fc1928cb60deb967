/** Who takes their turn after whom: nobody comes always after the same one, whose memory and writes the system may still be busy with. */
import { seededRandom } from '../test/support/seeded.ts';

/** The order of a round, which is the same in every run of the bench: shuffled by its number. */
export function turnsOf<T>(items: readonly T[], round: number): T[] {
  const random = seededRandom(round);
  const left = [...items];
  return items.flatMap(() => left.splice(random(left.length), 1));
}
