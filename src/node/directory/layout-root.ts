/** Which image of a layout is meant where none is named: the only one there is. */
import { OciError } from '../../errors.ts';
import { nameOf } from '../../layout/names.ts';
import type { LayoutSource } from '../../layout/source.ts';
import type { Call } from '../../model/call.ts';
import type { Descriptor } from '../../model/descriptor.ts';
import type { Digest } from '../../model/digest.ts';

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
  const [only, ...others] = distinct(roots);
  if (only !== undefined && others.length === 0) return only;
  const images = distinct(await withoutAttached(layout, roots, { signal }));
  if (images.length === 1 && images[0] !== undefined) return images[0];
  throw new OciError('NOT_FOUND', `${describe} holds ${only === undefined ? 'no image' : 'several images'}`, {
    hint:
      only === undefined ? undefined : `name one: ${choices(describe, await firstTags(layout, { signal }), images)}`,
  });
}

async function withoutAttached(
  layout: LayoutSource,
  roots: readonly Descriptor[],
  call: Call,
): Promise<readonly Descriptor[]> {
  if (roots.length > MAX_LOOKED_INTO) return roots;
  const isImage = await Promise.all(
    roots.map(async (root) => nameOf(root) !== undefined || (await layout.manifest(root, call)).subject === undefined),
  );
  return roots.filter((_, at) => isImage[at]);
}

function distinct(roots: readonly Descriptor[]): readonly Digest[] {
  return [...new Set(roots.map(({ digest }) => digest))];
}

async function firstTags(layout: LayoutSource, call: Call): Promise<readonly string[]> {
  const tags: string[] = [];
  for await (const tag of layout.tags(call)) if (tags.push(tag) > MAX_SHOWN) break;
  return tags;
}

function choices(describe: string, tags: readonly string[], images: readonly Digest[]): string {
  const all = tags.length > 0 ? tags.map((tag) => `:${tag}`) : images.map((digest) => `@${digest}`);
  const shown = all.slice(0, MAX_SHOWN).map((ending) => describe + ending);
  return all.length > MAX_SHOWN ? `${shown.join(', ')}, …` : shown.join(', ');
}
