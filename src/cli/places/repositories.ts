/**
 * Copying repositories, one after the other, tag by tag: what `backup` and `restore` have in common. What fails is told and passed over;
 * which repositories they are, and where they go, the commands say.
 */
import { isOciError, OciError } from '../../errors.ts';
import { isDigestTag } from '../../graph/digest-tags.ts';
import { createMountable, type Mountable } from '../../graph/mountable.ts';
import type { Activity } from '../../model/call.ts';
import { formatSize } from '../terminal/bytes.ts';
import { fromPlace } from './ends.ts';
import type { Destination, ManyImages } from './locators.ts';
import type { Session } from '../session.ts';
import { styled } from '../terminal/style.ts';
import { listTags } from '../tags/list.ts';
import { exitOfMany, orPassOver } from '../transfer/passed-over.ts';
import { createPlanned, type Planned } from '../transfer/planned.ts';
import { tellTransfer, type Transferred, type TransferFlags, transferOpen } from '../transfer/transfer.ts';

/** A repository, and where it goes. */
export interface RepositoryCopy {
  /** What it is called in messages. */
  readonly name: string;
  readonly open: () => Promise<{ readonly from: ManyImages; readonly to: Destination }>;
  /** Nobody named it, it was listed: registries go on listing what has been deleted. */
  readonly isListed: boolean;
}

export type RepositoriesFlags = Pick<TransferFlags, 'clobber' | 'force' | 'foreignLayers' | 'dryRun'> & {
  readonly filter?: readonly string[] | undefined;
  /** `--no-referrers` makes it false. */
  readonly referrers?: boolean | undefined;
};

/** Copies under way: what came of them so far, and what the next ones make use of. */
interface Run {
  readonly session: Session;
  readonly flags: RepositoriesFlags;
  readonly mountable: Mountable;
  readonly planned: Planned;
  readonly done: Transferred[];
  readonly failures: OciError[];
}

/**
 * Copies all tags of the repositories, and what is attached to them.
 * @returns the exit code: 8 when some of it has failed; when all has, that of the first error
 * @throws OciError `NOT_FOUND` when there is nothing to copy, `ABORTED`, `DISK_FULL`
 */
export async function copyRepositories(
  session: Session,
  repositories: AsyncIterable<RepositoryCopy>,
  flags: RepositoriesFlags,
): Promise<number> {
  const run: Run = { session, flags, mountable: createMountable(), planned: createPlanned(), done: [], failures: [] };
  let count = 0;
  for await (const repository of repositories) {
    count++;
    await orPassOver(session, run.failures, repository.name, () => copyRepository(run, repository));
  }
  session.progress.close();
  const { done, failures } = run;
  if (done.length + failures.length === 0) {
    throw new OciError('NOT_FOUND', count === 0 ? 'there is no such repository' : 'there are no such tags to copy');
  }
  session.output.note(styled(summaryOf(run, count), 'dim'));
  return exitOfMany(done.length, failures);
}

async function copyRepository(run: Run, { name, open, isListed }: RepositoryCopy): Promise<void> {
  const { session, flags, mountable, planned } = run;
  const { from, to } = await open();
  const target = flags.dryRun === true ? planned.target(to.target) : to.target;
  const on = (activity: Activity): void => {
    mountable.note(activity, target);
    session.call.on?.(activity);
  };
  const own: Session = { ...session, call: { ...session.call, on } };
  const source = mountable.from(from.source);
  for await (const tag of tagsOf(run, from, isListed)) {
    await orPassOver(session, run.failures, `${name}:${tag}`, async () => {
      const image = fromPlace(own, { ...from, source, reference: tag, ...from.named(tag) });
      const wanted = { ...flags, referrers: flags.referrers === false ? undefined : (true as const) };
      const told = await transferOpen(own, image, { ...to, target, tags: [tag] }, wanted);
      run.done.push(told);
      await tellTransfer(session, told, { asStream: true });
    });
  }
}

/**
 * The tags that are asked for. A list of what is attached (`sha256-<hex>`) is no image: a copy brings what it lists, and whoever needs
 * the list makes it anew, with what was there before. Without referrers, tags that tools have made of digests are left out, too.
 */
async function* tagsOf({ session, flags }: Run, { source }: ManyImages, isListed: boolean): AsyncGenerator<string> {
  const { filter, referrers } = flags;
  try {
    for await (const { tag } of listTags(source, { ...session.call, filter, excludeDigestTags: referrers === false })) {
      if (!isDigestTag(tag) || tag.includes('.')) yield tag;
    }
  } catch (error) {
    if (!isListed || !isOciError(error, 'NOT_FOUND')) throw error;
  }
}

function summaryOf({ done, failures, flags }: Run, repositories: number): string {
  const bytes = done.reduce((sum, { sent }) => sum + sent.bytes, 0);
  const what = `${counted(done.length, 'image')} of ${counted(repositories, 'repository', 'repositories')}`;
  const amount = `${flags.dryRun === true ? 'dry run: it would send' : 'sent'} ${formatSize(bytes)}`;
  return `${what}: ${amount}${failures.length === 0 ? '' : `; ${failures.length} failed`}`;
}

function counted(count: number, one: string, many: string = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
