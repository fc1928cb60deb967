/** Publishing a changed image: a copy of its overlay, and what is told of it. What the change was, each command says. */
import type { Changed } from '../../image/change/change.ts';
import { formatPlatform } from '../../model/platform.ts';
import { isSaved } from '../../node/locator.ts';
import { type From, fromPlace } from '../places/ends.ts';
import { openDestination } from '../places/locators.ts';
import type { Session } from '../session.ts';
import { tellTransfer, transfer, type Transferred, type TransferFlags } from './transfer.ts';

/** What came of a change: the JSON of the command. */
export interface Published extends Transferred {
  /** The images that changed, each once. */
  readonly images: readonly { readonly platform?: string; readonly from: string; readonly to: string }[];
  /** Attestations that were left out, because they are about what an image was before. */
  readonly dropped: readonly string[];
}

/** Copies the changed image to where it goes, and shows what came of it; `more` stands in the JSON, too. */
export async function publish(
  session: Session,
  from: From,
  changed: Changed,
  destination: string,
  flags: Pick<TransferFlags, 'clobber' | 'dryRun' | 'foreignLayers' | 'platform'>,
  more: object = {},
): Promise<void> {
  const to = await openDestination(session, destination);
  const overlaid = fromPlace(session, { ...from, source: changed.source, reference: changed.root.digest });
  const { clobber, dryRun, foreignLayers } = flags;
  // What holds single images gets the one that was changed.
  const platform = isSaved(to.locator) ? flags.platform : undefined;
  const told = await transfer(session, overlaid, to, { clobber, dryRun, foreignLayers, platform });
  const published: Published = {
    ...told,
    ...more,
    images: imagesOf(changed),
    dropped: changed.dropped.map(({ digest }) => digest),
  };
  await tellTransfer(session, published, to);
  for (const digest of published.dropped)
    session.output.note(`left out: ${digest}, which attests what an image was before`);
}

function imagesOf({ images }: Changed): Published['images'] {
  return images.map(({ platform, from, to }) => ({
    ...(platform === undefined ? {} : { platform: formatPlatform(platform) }),
    from: from.digest,
    to: to.digest,
  }));
}
