/** Where a changed image goes: it is always said, for tags do not move unless they are named. */
import { OciError } from '../../errors.ts';
import { parseTargetLocator } from '../../node/locator.ts';

/**
 * Checks the value of `--tag`.
 * @returns the target
 * @throws OciError `USAGE`, `REFERENCE_INVALID`
 */
export function changedTarget(image: string, target: string | undefined): string {
  if (target === undefined) {
    throw new OciError('USAGE', 'it is not said where the changed image goes', {
      hint: `add --tag NAME:TAG; ${image} itself is changed only when it is named there, too`,
    });
  }
  parseTargetLocator(target);
  return target;
}
