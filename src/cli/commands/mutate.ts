/** `mutate`: the settings and annotations of an image changed, which is then published under the name that it is given. */
import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { OciError } from '../../errors.ts';
import { chained } from '../../image/change/chain.ts';
import { changesImages, mutate } from '../../image/change/mutate.ts';
import type { Platform } from '../../model/platform.ts';
import { openBase, SCRATCH } from '../places/base-image.ts';
import { changedTarget } from '../places/changed-target.ts';
import { publish } from '../transfer/changed.ts';
import { type EditFlags, editOptions, editsOf } from '../options/edits.ts';
import { withExamples } from '../examples.ts';
import type { Frame } from '../frame.ts';
import { editLayers, type LayerEditFlags, layerEditOptions, editsLayers } from '../options/layer-edits.ts';
import { endOptions, IMAGE_PLACES, outputOptions, platformsOption, registryOptions } from '../options/shared.ts';
import type { Session } from '../session.ts';
import { sourceDate } from '../options/source-date.ts';

export function build(frame: Frame): CommandUnknownOpts {
  const command = endOptions(registryOptions(outputOptions(layerEditOptions(editOptions(new Command())))))
    .description(
      'Change the settings of an image, or its layers, for all its platforms, and put what comes of it under another name. The same changes of the same image become the same digest.',
    )
    .argument('<image>', `${IMAGE_PLACES}, or scratch: an image with nothing in it`)
    .option('-t, --tag <target>', `where it goes: ${IMAGE_PLACES}; several tags stand after commas: app:2,latest`)
    .addOption(ownPlatforms())
    .option('--created-by <text>', 'add a step to the history that says this; unless told, none is added')
    .option('-n, --no-clobber', 'leave a tag that stands already')
    .option('--dry-run', 'only tell what would be sent')
    .action((image, flags) =>
      frame.run(flags, async (session) => {
        await mutateTo(session, image, flags);
      }),
    );
  return withExamples(
    command,
    'lading mutate -e MODE=production --rm-env DEBUG -l org.example.team=web app:1 --tag app:1-production',
    'lading mutate --entrypoint /bin/sh --entrypoint -c --cmd "exec app" -t app:2 app:1',
    'lading mutate --platform linux/arm64 -a org.example.tested=yes --index-annotation org.example.note=hello -t app:1 app:1',
    'lading mutate --strip-file root/.npmrc --time-clamp 1700000000 -t app:1-clean app:1',
    'lading mutate scratch --platform linux/amd64,linux/arm64 --user 1000 --workdir / -t oci:./base:1',
  );
}

function ownPlatforms(): ReturnType<typeof platformsOption> {
  const option = platformsOption();
  option.description = 'change this platform only, the others stay as they are; repeat it for more';
  return option;
}

interface MutateFlags extends EditFlags, LayerEditFlags {
  readonly tag?: string | undefined;
  readonly platform?: readonly Platform[] | undefined;
  readonly createdBy?: string | undefined;
  readonly clobber?: boolean | undefined;
  readonly dryRun?: true | undefined;
}

async function mutateTo(session: Session, image: string, flags: MutateFlags): Promise<void> {
  const target = changedTarget(image, flags.tag);
  const edits = editsOf(flags);
  if (edits === undefined && !editsLayers(flags) && image !== SCRATCH) {
    throw new OciError('USAGE', `it is not said what is to change in ${image}`, {
      hint: 'see "lading mutate --help" for all that can be changed',
    });
  }
  const { platform: platforms, clobber, dryRun, createdBy, foreignLayers } = flags;
  // An index of which only its own annotations change keeps its images as they are.
  const created = edits !== undefined && changesImages(edits) ? (flags.created ?? sourceDate(session)) : undefined;
  const from = await openBase(session, image, platforms);
  const { concurrency } = session.flags;
  const options = { ...session.call, platforms, concurrency };
  const layers = await editLayers(session, from, flags);
  const [source, root] = layers === undefined ? [from.source, from.reference] : [layers.source, layers.root];
  const edited = await mutate(source, root, { ...edits, created, createdBy }, options);
  const changed = layers === undefined ? edited : chained(layers, edited);
  if (changed.source === from.source) session.output.note('that changes nothing: it stays what it is');
  const platform = flags.setPlatform === undefined ? platforms : [flags.setPlatform];
  await publish(session, from, changed, target, { clobber, dryRun, foreignLayers, platform });
}
