/** What `copy`, `pull` and `push` have in common: one image from one end to the other, and what is told of it. */
import { OciError } from '../../errors.ts';
import type { Activity, Call } from '../../model/call.ts';
import type { Descriptor } from '../../model/descriptor.ts';
import type { Platform } from '../../model/platform.ts';
import { copy } from '../../graph/copy.ts';
import { orUnderTag } from '../../graph/root.ts';
import { boundsOf, type Tasks, withTasks } from '../../graph/tasks.ts';
import type { TagDigest } from '../../graph/tag-digests.ts';
import { freeBytes, requireSpace } from '../../node/directory/free-space.ts';
import { isSaved } from '../../node/locator.ts';
import type { Source } from '../../store/types.ts';
import { formatSize } from '../terminal/bytes.ts';
import { convertChosen, type ConvertFlags } from './converted.ts';
import { type From, fromPlace } from '../places/ends.ts';
import type { Destination } from '../places/locators.ts';
import { type Amount, planCopy } from './plan.ts';
import { wantedReferrers } from '../options/referrers.ts';
import { rootToSave } from '../places/root-to-save.ts';
import { chooseToCopy, type ChosenToCopy } from './schema1.ts';
import type { Session } from '../session.ts';
import { standingInArchive } from '../places/standing-archive.ts';
import { styled } from '../terminal/style.ts';

export type TransferFlags = ConvertFlags & {
  readonly referrerType?: readonly string[] | undefined;
  readonly platform?: readonly Platform[] | undefined;
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
  /** The digest at the source, where it was converted on the way. */
  readonly convertedFrom?: string | undefined;
  /** Sent, or with a dry run to be sent. */
  readonly sent: Amount;
  /** Needed no sending: already there, or mounted. */
  readonly reused: Amount;
}

/** Copies one image. The target is finished or given up here, whichever way it ends. */
export async function transfer(
  session: Session,
  from: From,
  to: Destination,
  flags: TransferFlags,
): Promise<Transferred> {
  const standing = flags.clobber === false ? await orGiveUp(to, () => standingInArchive(session, to)) : undefined;
  if (standing === undefined) return finishing(to, flags, () => transferOpen(session, from, to, flags));
  await to.abort();
  return keptAs(standing, from, to);
}

/** Does something that fills a target, which is finished when it has been done, and given up when it fails. */
export function finishing<T>(
  to: Destination,
  { dryRun }: Pick<TransferFlags, 'dryRun'>,
  work: () => Promise<T>,
): Promise<T> {
  return orGiveUp(to, async () => {
    const result = await work();
    await (dryRun === true ? to.abort() : to.commit());
    return result;
  });
}

async function orGiveUp<T>(to: Destination, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await to.abort();
    throw error;
  }
}

/** Copies one image to a target that stays open. */
export async function transferOpen(
  session: Session,
  from: From,
  to: Destination,
  flags: TransferFlags,
): Promise<Transferred> {
  const { call } = session;
  if (flags.clobber !== false) return sendTo(session, from, to, flags);
  const found = await withTasks(boundsOf(session.flags.concurrency), call.signal, (tasks) =>
    namesStanding(to, call, flags, tasks),
  );
  const standing = [...found].flatMap(([tag, descriptor]) => (descriptor === undefined ? [] : [{ tag, descriptor }]));
  if (standing.length > 0 && standing.length === to.tags.length) return keptAs(standing, from, to);
  const left = standing.map(({ tag }) => tag);
  if (left.length > 0) session.output.note(`left as they stand already: ${left.join(', ')}`);
  return sendTo(session, from, { ...to, tags: to.tags.filter((tag) => !left.includes(tag)) }, flags, found);
}

/** @param known what the names stand for at the target, where that was asked already; else it is asked while the source is. */
function sendTo(
  session: Session,
  from: From,
  to: Destination,
  flags: TransferFlags,
  known?: Standing,
): Promise<Transferred> {
  return orUnderTag(from.source, from.reference, session.call, async (reference) => {
    const named = reference === from.reference ? from : fromPlace(session, { ...from, reference });
    const choose = (): Promise<ChosenToCopy> => chooseToCopy(session, named, flags.platform ?? []);
    const bounds = boundsOf(session.flags.concurrency);
    const [toCopy, standing] = await withTasks(bounds, session.call.signal, (tasks) =>
      Promise.all([tasks.run(choose), known ?? namesStanding(to, session.call, flags, tasks)]),
    );
    const chosen = await convertChosen(session, toCopy, flags);
    try {
      return await sendChosen(session, from, { ...to, standing }, chosen, flags);
    } finally {
      await chosen.close();
    }
  });
}

/** What the names of a target stand for there; undefined: nothing. */
type Standing = ReadonlyMap<string, Descriptor | undefined>;

async function sendChosen(
  session: Session,
  from: From,
  to: Destination & { readonly standing: Standing },
  chosen: ChosenToCopy,
  flags: TransferFlags,
): Promise<Transferred> {
  const { call } = session;
  const { source, convertedFrom } = chosen;
  const root = isSaved(to.locator) ? await rootToSave(session, chosen, flags) : chosen.root;
  if (to.digest !== undefined && to.digest !== root.digest) {
    throw new OciError('CONFLICT', `${from.describe} is ${root.digest}, not the ${to.digest} that the target names`);
  }
  if (flags.dryRun === true) {
    const planned = {
      tags: to.tags,
      standing: to.standing,
      referrers: wantedReferrers(flags),
      foreignLayers: flags.foreignLayers,
    };
    const { sent, reused } = await planCopy(source, root, to.target, call, planned);
    return { ...described(from, to, root, 'planned'), convertedFrom, sent, reused };
  }
  const checked = await checkSpace(session, { source, root }, to, flags);
  const { sent, reused } = await send(session, checked, root, to, flags);
  return { ...described(from, to, root, sent.objects === 0 ? 'exists' : 'copied'), convertedFrom, sent, reused };
}

/** Where all of it lands on this disk, there has to be room for it. */
async function checkSpace(
  { call }: Session,
  { source, root }: Pick<ChosenToCopy, 'source' | 'root'>,
  to: Destination,
  { foreignLayers }: TransferFlags,
): Promise<Source> {
  const { spaceIn } = to;
  if (spaceIn === undefined || (await to.target.resolve(root.digest, call)) !== undefined) return source;
  // Where the system does not tell, nothing is refused either.
  const room = (await freeBytes(spaceIn)) ?? Number.POSITIVE_INFINITY;
  const plan = await planCopy(source, root, to.target, call, { foreignLayers, room });
  await requireSpace(spaceIn, plan.sent.bytes, to.describe);
  return plan.source;
}

async function send(
  { call, flags: { concurrency } }: Session,
  source: Source,
  root: Descriptor,
  { target, tags, standing }: Destination & { readonly standing: Standing },
  flags: TransferFlags,
): Promise<Pick<Transferred, 'sent' | 'reused'>> {
  const { foreignLayers, force } = flags;
  const referrers = wantedReferrers(flags);
  const tally = createTally(call);
  await copy(source, root, target, { ...tally.call, tags, standing, referrers, foreignLayers, force, concurrency });
  return tally;
}

/** A dry run asks as who only reads. */
async function namesStanding(
  { target, tags }: Destination,
  { on }: Call,
  { dryRun }: TransferFlags,
  tasks: Tasks,
): Promise<Standing> {
  const ask = (tag: string): Promise<Descriptor | undefined> =>
    tasks.run((signal) => target.resolve(tag, { signal, on, forWriting: dryRun !== true }));
  return new Map(await Promise.all(tags.map(async (tag) => [tag, await ask(tag)] as const)));
}

/** Each tag goes on standing for what it did; told in full is the first. */
function keptAs(standing: readonly TagDigest[], from: From, to: Destination): Transferred {
  const [first] = standing;
  if (first === undefined) throw new TypeError('there is no tag that was kept');
  const references = standing.flatMap(({ tag, descriptor }) => to.named(descriptor.digest, [tag]));
  const nothing = { objects: 0, bytes: 0 };
  return { ...described(from, to, first.descriptor, 'kept'), references, sent: nothing, reused: nothing };
}

function described(
  from: From,
  to: Destination,
  root: Descriptor,
  outcome: Transferred['outcome'],
): Omit<Transferred, 'sent' | 'reused'> {
  const { digest, mediaType, size } = root;
  return { source: from.describe, references: to.named(digest, to.tags), digest, mediaType, size, outcome };
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

/** Shows what came of it: on stdout, unless the image itself went there. */
export async function tellTransfer(
  { output, progress }: Session,
  told: Transferred,
  options: { readonly asStream?: boolean; readonly isStdout?: boolean } = {},
): Promise<void> {
  progress.close();
  if (options.isStdout === true) for (const reference of told.references) output.note(reference);
  else if (output.isJson) return options.asStream === true ? output.jsonLine(told) : output.json(told);
  else for (const reference of told.references) await output.line(reference);
  output.note(styled(summaryOf(told), 'dim'));
}

function summaryOf({ outcome, sent, reused }: Transferred): string {
  const amount = `${sent.objects} ${sent.objects === 1 ? 'object' : 'objects'}, ${formatSize(sent.bytes)}`;
  const spared = reused.objects > 0 ? `; ${formatSize(reused.bytes)} mounted or there already` : '';
  if (outcome === 'kept') return 'the tag stands already and was left as it is';
  if (outcome === 'planned') return `dry run: it would send ${amount}${spared}`;
  return outcome === 'exists' ? 'already there, nothing sent' : `sent ${amount}${spared}`;
}
