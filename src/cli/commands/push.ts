/** `push`: a copy whose source is local; a plain path will do for it. */
import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { openFrom } from '../ends.ts';
import { withExamples } from '../examples.ts';
import type { Frame } from '../frame.ts';
import { localLocator } from '../local-path.ts';
import { openDestination } from '../locators.ts';
import { endOptions, LOCAL_PLACES, outputOptions, platformsOption, registryOptions } from '../options.ts';
import { tellTransfer, transfer } from '../transfer.ts';

export function build(frame: Frame): CommandUnknownOpts {
  const command = endOptions(registryOptions(outputOptions(new Command())))
    .description(
      'Copy an image from a directory or a tar file to a registry: all its platforms, with the same digests.',
    )
    .argument('<source>', `${LOCAL_PLACES}, or the path alone`)
    .argument('<reference>', 'where to; several tags stand after commas: app:1,1.2,latest')
    .addOption(platformsOption())
    .option('--referrers', 'copy what is attached to it, too: signatures, SBOMs, attestations')
    .option('-n, --no-clobber', 'leave a tag that stands already')
    .option('--force', 'send again what is under a manifest that is there already')
    .option('--dry-run', 'only tell what would be sent')
    .action((source, reference, flags) =>
      frame.run(flags, async (session) => {
        const from = await openFrom(session, await localLocator(session.context, source));
        const to = await openDestination(session, reference);
        await tellTransfer(session, await transfer(session, from, to, flags), to);
      }),
    );
  return withExamples(
    command,
    'lading push ./alpine localhost:5000/alpine:3.20',
    'lading push app.tar ghcr.io/o/app:1,latest',
    'lading push oci:./images:1.2 localhost:5000/app:1.2',
  );
}
