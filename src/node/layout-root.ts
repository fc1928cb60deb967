/** Which image of a layout is meant where none is named: the only one there is. */
import { OciError } from '../errors.ts';
import type { LayoutSource } from '../layout/source.ts';
import type { Call } from '../model/call.ts';
import type { Descriptor } from '../model/descriptor.ts';
import type { Digest } from '../model/digest.ts';

const MAX_SHOWN = 10;
/** So many roots without a name are looked into, to leave out those that are attached to another. */
const MAX_LOOKED_INTO = 64;

/**
 * The digest of the only image; signatures and the like that are attached to it do not count.
 * @param describe names the layout in errors
 * @throws OciError `NOT_FOUND` listing the tags when there are several images, or none
 */
export async function soleImage(layout: LayoutSource, describe: string, { signal }: Call): Promise<Digest> {
  const roots = await layout.roots({ signal });
  const tags: string[] = [];
  const images = new Set<Digest>();
  for await (const tag of layout.tags({ signal })) {
    tags.push(tag);
    const image = await layout.resolve(tag, { signal });
    if (image !== undefined) images.add(image.digest);
    if (images.size > 1 && tags.length > MAX_SHOWN) break;
  }
  if (tags.length === 0) for (const digest of await unattached(layout, roots, { signal })) images.add(digest);
  const [only] = images;
  if (only !== undefined && images.size === 1) return only;
  throw new OciError('NOT_FOUND', `${describe} holds ${only === undefined ? 'no image' : 'several images'}`, {
    hint: only === undefined ? undefined : `name one: ${choices(describe, tags, images)}`,
  });
}

async function unattached(layout: LayoutSource, roots: readonly Descriptor[], call: Call): Promise<readonly Digest[]> {
  if (roots.length < 2 || roots.length > MAX_LOOKED_INTO) return roots.map(({ digest }) => digest);
  const manifests = await Promise.all(roots.map((root) => layout.manifest(root, call)));
  return manifests.filter(({ subject }) => subject === undefined).map(({ descriptor }) => descriptor.digest);
}

function choices(describe: string, tags: readonly string[], images: ReadonlySet<Digest>): string {
  const all = tags.length > 0 ? tags.map((tag) => `:${tag}`) : [...images].map((digest) => `@${digest}`);
  const shown = all.slice(0, MAX_SHOWN).map((ending) => describe + ending);
  return all.length > MAX_SHOWN ? `${shown.join(', ')}, …` : shown.join(', ');
}
