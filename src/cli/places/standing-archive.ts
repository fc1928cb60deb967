/** What `--no-clobber` does for an archive, which is written whole: one that stands is left, or the command is refused. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { OciError } from '../../errors.ts';
import type { TagDigest } from '../../graph/tag-digests.ts';
import { formatLocator } from '../../node/locator.ts';
import { unless } from '../../node/files/fs-errors.ts';
import { type Destination, openImages } from './locators.ts';
import type { Session } from '../session.ts';

/**
 * What the target's tags stand for in the archive that is there.
 * @returns undefined where there is no archive yet, or the target is none
 * @throws OciError `CONFLICT` for an archive that lacks one of the tags
 */
export async function standingInArchive(session: Session, to: Destination): Promise<readonly TagDigest[] | undefined> {
  if (!(await isStandingArchive(session, to))) return undefined;
  const { source } = await openImages(session, formatLocator(to.locator));
  if (to.tags.length === 0) throw wouldReplace(to);
  return Promise.all(
    to.tags.map(async (tag) => {
      const descriptor = await source.resolve(tag, session.call);
      if (descriptor === undefined) throw wouldReplace(to);
      return { tag, descriptor };
    }),
  );
}

/** Refuses to replace an archive. @throws OciError `CONFLICT` */
export async function refuseStandingArchive(session: Session, to: Destination): Promise<void> {
  if (await isStandingArchive(session, to)) throw wouldReplace(to);
}

async function isStandingArchive({ context }: Session, { locator }: Destination): Promise<boolean> {
  if (locator.kind !== 'oci-archive' && locator.kind !== 'docker-archive') return false;
  if (locator.path === '-') return false;
  const stats = await unless(['ENOENT', 'ENOTDIR'], stat(path.resolve(context.cwd, locator.path)));
  return stats?.isFile() === true;
}

function wouldReplace({ describe }: Destination): OciError {
  return new OciError('CONFLICT', `the file of ${describe} stands already, and would be replaced`, {
    hint: 'name another file, or leave out --no-clobber',
  });
}
