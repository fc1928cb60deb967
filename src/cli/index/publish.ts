/** Publishing an index that was made or changed, and what is told of it. */
import { type Command, Option, type OptionValues } from '@commander-js/extra-typings';
import type { ChangedIndex } from '../../image/index/image-index.ts';
import type { Descriptor } from '../../model/descriptor.ts';
import { formatPlatform } from '../../model/platform.ts';
import { changedTarget } from '../places/changed-target.ts';
import { type From, fromPlace, openFrom } from '../places/ends.ts';
import { openDestination } from '../places/locators.ts';
import { endOptions, IMAGE_PLACES, outputOptions, registryOptions } from '../options/shared.ts';
import type { EndFlags, OutputFlags, RegistryFlags } from '../options/shared.ts';
import type { Session } from '../session.ts';
import { tellTransfer, transfer, type Transferred } from '../transfer/transfer.ts';

/** An entry, as the JSON tells it. */
export interface ToldEntry {
  readonly platform?: string;
  readonly digest: string;
}

/** What came of it: the JSON of the commands. */
export interface PublishedIndex extends Transferred {
  readonly added: readonly ToldEntry[];
  readonly removed: readonly ToldEntry[];
}

export type PublishFlags = {
  /** `--no-clobber` makes it false. */
  readonly clobber?: boolean | undefined;
  readonly dryRun?: true | undefined;
};

/** `--no-clobber --dry-run`, and all that copies have. */
export function publishOptions<A extends unknown[], O extends OptionValues>(
  command: Command<A, O>,
): Command<A, O & OutputFlags & RegistryFlags & EndFlags & PublishFlags> {
  const whole = endOptions(registryOptions(outputOptions(command)));
  whole.addOption(new Option('-n, --no-clobber', 'leave a tag that stands already'));
  whole.addOption(new Option('--dry-run', 'only tell what would be sent'));
  return whole;
}

/** `--tag` of the commands that change an index. */
export function tagOption(): Option<'-t, --tag <target>', undefined, undefined, string> {
  return new Option('-t, --tag <target>', `where it goes: ${IMAGE_PLACES}; several tags stand after commas`);
}

/** Copies the index, with what it lists, to where it goes. */
export async function publishIndex(
  session: Session,
  from: Pick<From, 'describe' | 'at'>,
  changed: ChangedIndex,
  destination: string,
  { clobber, dryRun }: PublishFlags,
): Promise<void> {
  const to = await openDestination(session, destination);
  const { describe, at } = from;
  const made = fromPlace(session, { describe, at, source: changed.source, reference: changed.root.digest });
  const told = await transfer(session, made, to, { clobber, dryRun });
  const [added, removed] = [changed.added.map(toldEntry), changed.removed.map(toldEntry)];
  const published: PublishedIndex = { ...told, added, removed };
  await tellTransfer(session, published, to);
  for (const { platform, digest } of removed) session.output.note(`left out: ${platform ?? 'an entry'} ${digest}`);
}

/** Changes an index that stands somewhere, and publishes what comes of it. */
export async function changeIndexAt(
  session: Session,
  index: string,
  flags: PublishFlags & { readonly tag?: string | undefined },
  change: (from: From) => Promise<ChangedIndex>,
): Promise<void> {
  const target = changedTarget(index, flags.tag);
  const from = await openFrom(session, index);
  await publishIndex(session, from, await change(from), target, flags);
}

function toldEntry({ platform, digest }: Descriptor): ToldEntry {
  return { ...(platform ? { platform: formatPlatform(platform) } : {}), digest };
}
