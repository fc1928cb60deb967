/** `pull`: a copy to this disk: into a layout, an archive, or as plain layer files. */
import { Command, type CommandUnknownOpts, Option } from '@commander-js/extra-typings';
import { convertOptions } from '../transfer/converted.ts';
import { OciError } from '../../errors.ts';
import { openFrom } from '../places/ends.ts';
import { withExamples } from '../examples.ts';
import type { Frame } from '../frame.ts';
import { pullFiles } from '../transfer/layer-files.ts';
import { openDestination } from '../places/locators.ts';
import { endOptions, outputOptions, platformsOption, registryOptions } from '../options/shared.ts';
import { pullPlace } from '../places/pull-place.ts';
import { referrerTypeOption } from '../options/referrers.ts';
import { tellTransfer, transfer } from '../transfer/transfer.ts';

export function build(frame: Frame): CommandUnknownOpts {
  const command = convertOptions(endOptions(registryOptions(outputOptions(new Command()))))
    .description(
      'Copy an image to this disk: all its platforms, with the same digests. What is there already is not fetched again, and what was begun is continued.',
    )
    .argument('<reference>', 'the image')
    .argument(
      '[place]',
      'a directory for an OCI layout, a .tar file, or a locator; the last name of the repository unless told',
    )
    .addOption(platformsOption())
    .addOption(
      new Option(
        '--layers <dir>',
        'keep plain files in this directory instead: the layers and the config by their digests, and manifest.json',
      ).conflicts(['referrers', 'clobber', 'force', 'dryRun', 'format', 'compression']),
    )
    .option('--referrers', 'copy what is attached to it, too: signatures, SBOMs, attestations')
    .addOption(referrerTypeOption())
    .option('--foreign-layers', 'copy layers that are kept elsewhere, too')
    .option('-n, --no-clobber', 'leave a tag that stands already')
    .option('--force', 'fetch again what is under a manifest that is there already')
    .option('--dry-run', 'only tell what would be fetched')
    .action((name, place, flags) =>
      frame.run(flags, async (session) => {
        if (flags.layers !== undefined && place !== undefined) {
          throw new OciError('USAGE', `both ${place} and --layers say where it goes`, {
            hint: 'write pull REFERENCE PLACE, or pull --layers DIR REFERENCE',
          });
        }
        if (flags.layers !== undefined) return pullFiles(session, name, flags.layers, flags);
        const from = await openFrom(session, name);
        const to = await openDestination(session, pullPlace(name, place));
        await tellTransfer(session, await transfer(session, from, to, flags), to);
      }),
    );
  return withExamples(
    command,
    'lading pull alpine:3.20',
    'lading pull alpine:3.20 ./images',
    'lading pull --platform linux/arm64 ghcr.io/o/app:1 app.tar',
    'lading pull --layers ./layers alpine:3.20',
  );
}
