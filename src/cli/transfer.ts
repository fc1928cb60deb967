/** What `copy`, `pull` and `push` have in common: one image from one end to the other, and what is told of it. */
import { OciError } from '../errors.ts';
import type { Activity, Call } from '../model/call.ts';
import type { Descriptor } from '../model/descriptor.ts';
import type { Platform } from '../model/platform.ts';
import { copy } from '../graph/copy.ts';
import { formatSize } from './bytes.ts';
import type { From, To } from './ends.ts';
import { planCopy } from './plan.ts';
import { choosePlatforms } from './platforms.ts';
import type { Session } from './session.ts';
import { styled } from './style.ts';

export type TransferFlags = {
  readonly platform?: readonly Platform[] | undefined;
  readonly referrers?: true | undefined;
  readonly foreignLayers?: true | undefined;
  /** `--no-clobber` makes it false. */
  readonly clobber?: boolean | undefined;
  readonly force?: true | undefined;
  readonly dryRun?: true | undefined;
};

/** What came of a copy: the JSON of the command. */
export interface Transferred {
  readonly source: string;
  /** Whole names at the target, each with the digest. */
  readonly references: readonly string[];
  readonly digest: string;
  readonly mediaType: string;
  readonly size: number;
  /** `kept`: the tag stood already, and was to be left; `planned`: a dry run. */
  readonly outcome: 'copied' | 'exists' | 'kept' | 'planned';
  /** Sent, or with a dry run to be sent. */
  readonly sent: { readonly objects: number; readonly bytes: number };
  /** Needed no sending: already there, or mounted. */
  readonly reused: { readonly objects: number; readonly bytes: number };
}

/** Copies one image. The target is finished or given up here, whichever way it ends. */
export async function transfer(session: Session, from: From, to: To, flags: TransferFlags): Promise<Transferred> {
  try {
    const told = await transferOpen(session, from, to, flags);
    await (flags.dryRun === true ? to.abort() : to.commit());
    return told;
  } catch (error) {
    await to.abort();
    throw error;
  }
}

async function transferOpen(session: Session, from: From, to: To, flags: TransferFlags): Promise<Transferred> {
  const { call } = session;
  const standing = flags.clobber === false ? await standingTag(to, call) : undefined;
  if (standing !== undefined) return { ...described(from, to, standing, 'kept'), sent: nothing, reused: nothing };
  const { source, root } = await choosePlatforms(from, flags.platform ?? [], call);
  if (to.digest !== undefined && to.digest !== root.digest) {
    throw new OciError('CONFLICT', `${from.describe} is ${root.digest}, not the ${to.digest} that the target names`);
  }
  if (flags.dryRun === true)
    return { ...described(from, to, root, 'planned'), ...(await planCopy(source, root, to.target, call)) };
  const tally = createTally(call);
  const { referrers, foreignLayers, force } = flags;
  const { concurrency } = session.flags;
  await copy(source, root, to.target, { ...tally.call, tags: to.tags, referrers, foreignLayers, force, concurrency });
  const { sent, reused } = tally;
  return { ...described(from, to, root, sent.objects === 0 ? 'exists' : 'copied'), sent, reused };
}

/** What one of the target's tags stands for; undefined: none is there. */
async function standingTag({ target, tags }: To, call: Call): Promise<Descriptor | undefined> {
  for (const tag of tags) {
    const standing = await target.resolve(tag, call);
    if (standing !== undefined) return standing;
  }
  return undefined;
}

const nothing = { objects: 0, bytes: 0 } as const;

function described(
  from: From,
  to: To,
  root: Descriptor,
  outcome: Transferred['outcome'],
): Omit<Transferred, 'sent' | 'reused'> {
  const { digest, mediaType, size } = root;
  return { source: from.describe, references: to.named(digest), digest, mediaType, size, outcome };
}

/** Counts what was sent and what was not, while it passes the activities on. */
function createTally(call: Call): {
  call: Call;
  sent: { objects: number; bytes: number };
  reused: { objects: number; bytes: number };
} {
  const sent = { objects: 0, bytes: 0 };
  const reused = { objects: 0, bytes: 0 };
  const on = (activity: Activity): void => {
    if (activity.type === 'done' && activity.outcome !== 'skipped') {
      const count = activity.outcome === 'written' ? sent : reused;
      count.objects++;
      count.bytes += activity.descriptor.size;
    }
    call.on?.(activity);
  };
  return { call: { ...call, on }, sent, reused };
}

/** Shows what came of it. */
export async function tellTransfer({ output, progress }: Session, told: Transferred, asStream: boolean): Promise<void> {
  progress.close();
  if (output.isJson) return asStream ? output.jsonLine(told) : output.json(told);
  for (const reference of told.references) await output.line(reference);
  output.note(styled(summaryOf(told), 'dim'));
}

function summaryOf({ outcome, sent, reused }: Transferred): string {
  const amount = `${sent.objects} ${sent.objects === 1 ? 'object' : 'objects'}, ${formatSize(sent.bytes)}`;
  const spared = reused.objects > 0 ? `; ${formatSize(reused.bytes)} there already` : '';
  if (outcome === 'kept') return 'the tag stands already and was left as it is';
  if (outcome === 'planned') return `dry run: it would send ${amount}${spared}`;
  return outcome === 'exists' ? 'already there, nothing sent' : `sent ${amount}${spared}`;
}
