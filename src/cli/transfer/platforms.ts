/** A copy of some platforms only: of one it is that image, of several an index that holds just those. */
import type { Call } from '../../model/call.ts';
import type { Descriptor } from '../../model/descriptor.ts';
import type { Platform } from '../../model/platform.ts';
import type { Source } from '../../store/types.ts';
import type { From } from '../places/ends.ts';

/** What is to be copied, and from where. Without platforms, all that the name stands for. */
export async function choosePlatforms(
  from: From,
  platforms: readonly Platform[],
  call: Call,
): Promise<{ source: Source; root: Descriptor }> {
  const { source } = from;
  if (platforms.length <= 1) return { source, root: await from.resolve(platforms[0]) };
  const { filterIndex } = await import('../../image/index/image-index.ts');
  return filterIndex(source, from.reference, platforms, call);
}
