/** `rebase`: an image put on another base, and published under the name that it is given. */
import { Command, type CommandUnknownOpts, Option } from '@commander-js/extra-typings';
import { OciError } from '../../errors.ts';
import { BASE_DIGEST, BASE_NAME, rebase } from '../../image/change/rebase.ts';
import { baseName, requireWritten, toldBase } from '../places/base-name.ts';
import { type PublishFlags, publishOptions } from '../options/change.ts';
import { changedTarget } from '../places/changed-target.ts';
import { publish } from '../transfer/changed.ts';
import { openFrom } from '../places/ends.ts';
import { withExamples } from '../examples.ts';
import type { Frame } from '../frame.ts';
import { endOptions, IMAGE_PLACES, outputOptions, registryOptions } from '../options/shared.ts';
import type { Session } from '../session.ts';
import { sourceDate } from '../options/source-date.ts';

export function build(frame: Frame): CommandUnknownOpts {
  const command = publishOptions(endOptions(registryOptions(outputOptions(new Command()))))
    .description(
      'Put an image on another base, for all its platforms, and put what comes of it under another name: the layers of the old base give way to those of the new one. Settings stay those of the image.',
    )
    .argument('<image>', IMAGE_PLACES)
    .addOption(
      new Option('--old-base <image>', `what it stands on; unless told, what its annotation ${BASE_DIGEST} says`),
    )
    .addOption(new Option('--new-base <image>', `what it is to stand on; unless told, what ${BASE_NAME} says`))
    .option('--created <time>', 'when, e.g. 2024-05-06T07:08:09Z; $SOURCE_DATE_EPOCH, or else the time of the image')
    .action((image, flags) =>
      frame.run(flags, async (session) => {
        await rebaseTo(session, image, flags);
      }),
    );
  return withExamples(
    command,
    'lading rebase --old-base alpine:3.19 --new-base alpine:3.20 --tag localhost:5000/app:1-3.20 localhost:5000/app:1',
    'lading rebase -t ghcr.io/o/app:1 ghcr.io/o/app:1',
  );
}

type Flags = PublishFlags & {
  readonly oldBase?: string | undefined;
  readonly newBase?: string | undefined;
  readonly created?: string | undefined;
};

async function rebaseTo(session: Session, image: string, flags: Flags): Promise<void> {
  const target = changedTarget(image, flags.tag);
  const from = await openFrom(session, image);
  const told = flags.oldBase === undefined || flags.newBase === undefined ? await toldBase(from) : {};
  const name = flags.newBase ?? told.name;
  if (name === undefined) {
    throw new OciError('USAGE', `it is not said what ${from.describe} is to stand on`, {
      hint: `add --new-base: it has no annotation ${BASE_NAME}`,
    });
  }
  const built = flags.oldBase ?? told.built;
  for (const asked of [name, built ?? name].filter((one) => one === told.name || one === told.built)) {
    const written = [image, ...[flags.newBase, flags.oldBase].flatMap((one) => one ?? [])];
    requireWritten(asked, written, session.flags, '--new-base and --old-base');
  }
  const newBase = await openFrom(session, name);
  const opened = built === undefined ? undefined : await openFrom(session, built);
  // Where the image tells it, each image of an index tells its own.
  const oldBase = flags.oldBase === undefined && opened !== undefined ? { source: opened.source } : opened;
  const { platform: platforms, created = sourceDate(session) } = flags;
  const { concurrency } = session.flags;
  const options = { ...session.call, platforms, concurrency, newBase, oldBase, created, baseName: baseName(name) };
  const changed = await rebase(from.source, from.reference, options);
  if (changed.images.length === 0) session.output.note('it stands on that base already: it stays what it is');
  await publish(session, from, changed, target, flags);
}
