/** What goes into a docker archive: a single image. What it cannot hold is refused before anything is fetched. */
import type { Descriptor } from '../../model/descriptor.ts';
import { isIndex } from '../../model/manifest.ts';
import { formatPlatform } from '../../model/platform.ts';
import { collect } from '../../graph/collect.ts';
import { imageEntries } from '../../graph/entries.ts';
import { cannotHold, requireSavable } from '../../layout/docker-rules.ts';
import type { Source } from '../../store/types.ts';
import type { Session } from '../session.ts';

/**
 * The image itself, or the only one of an index.
 * @throws OciError `USAGE` for an index of several, naming the platforms; `UNSUPPORTED` for artifacts and referrers
 */
export async function rootToSave(
  { call, output }: Session,
  { source, root }: { readonly source: Source; readonly root: Descriptor },
  { referrers }: { readonly referrers?: true | undefined },
): Promise<Descriptor> {
  if (referrers === true) throw cannotHold('what is attached to an image');
  const manifest = await source.manifest(root, call);
  const entries = isIndex(manifest) ? await collect(imageEntries(source, manifest, call)) : [];
  const only = entries.length === 1 ? entries[0] : undefined;
  requireSavable(only === undefined ? manifest : await source.manifest(only, call));
  if (only?.platform) output.note(`taken for ${formatPlatform(only.platform)}, the only platform that there is`);
  return only ?? root;
}
