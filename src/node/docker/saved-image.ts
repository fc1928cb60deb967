/** Which image of a docker archive is meant: by its name, by its place, or by its being the only one. */
import { OciError } from '../../errors.ts';
import { type DockerArchive, isSame } from '../../layout/docker-archive.ts';
import { isDigest } from '../../model/digest.ts';
import { parseReference } from '../../model/reference.ts';
import { formatLocator } from '../locator.ts';

const MAX_SHOWN = 10;

/**
 * The reference of an image in an archive.
 * @param path of the archive, for messages
 * @param reference a name, `@` and a place, or a digest, which is not looked for yet
 * @throws OciError `NOT_FOUND` listing the names that there are, `LAYOUT_INVALID` for a name of several images
 */
export function chooseSaved(archive: DockerArchive, path: string, reference: string | undefined): string {
  if (reference !== undefined) {
    if (isDigest(reference) || archive.indexOf(reference) !== undefined) return reference;
    throw notFound(archive, path, `has no ${reference}`, 'it has');
  }
  const [first, ...others] = archive.images;
  if (first !== undefined && others.every((other) => isSame(first, other))) return first.names[0] ?? '@0';
  throw notFound(archive, path, `holds ${first === undefined ? 'no image' : 'several images'}`, 'name one:');
}

/** Images without a name are told by their places. */
function notFound({ images }: DockerArchive, path: string, problem: string, advice: string): OciError {
  const all = images.flatMap(({ names }, index) =>
    names.length === 0
      ? [formatLocator({ kind: 'docker-archive', path, index })]
      : names.map((name) => formatLocator({ kind: 'docker-archive', path, reference: parseReference(name) })),
  );
  const shown = [...new Set(all)].slice(0, MAX_SHOWN).join(', ');
  return new OciError('NOT_FOUND', `docker-archive:${path} ${problem}`, {
    hint: all.length === 0 ? undefined : `${advice} ${shown}${all.length > MAX_SHOWN ? ', …' : ''}`,
    missing: 'manifest',
  });
}
