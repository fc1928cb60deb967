/** placeholder */
import type { AnyFault, Expected, Way } from './matrix-cells.ts';
export function expected(_fault: AnyFault, _operation: string): Readonly<Record<Way, Expected>> {
  return { once: 'right', persistent: 'right' };
}
