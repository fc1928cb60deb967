/** `push`: a copy whose source is local; a plain path will do for it. */
import { Command, type CommandUnknownOpts, Option } from '@commander-js/extra-typings';
import { OciError } from '../../errors.ts';
import { convertOptions } from '../transfer/converted.ts';
import { openFrom } from '../places/ends.ts';
import { withExamples } from '../examples.ts';
import type { Frame } from '../frame.ts';
import { pushFiles } from '../transfer/layer-files.ts';
import { localLocator } from '../places/local-path.ts';
import { openDestination } from '../places/locators.ts';
import { endOptions, LOCAL_PLACES, outputOptions, platformsOption, registryOptions } from '../options/shared.ts';
import { referrerTypeOption } from '../options/referrers.ts';
import type { Session } from '../session.ts';
import { tellTransfer, transfer, type TransferFlags } from '../transfer/transfer.ts';

export function build(frame: Frame): CommandUnknownOpts {
  const command = convertOptions(endOptions(registryOptions(outputOptions(new Command()))))
    .description(
      'Copy an image from a directory or a tar file to a registry: all its platforms, with the same digests.',
    )
    .argument('<source>', `${LOCAL_PLACES}, or the path alone; left out with --layers`)
    .argument('[reference]', 'where to; several tags stand after commas: app:1,1.2,latest')
    .addOption(platformsOption())
    .addOption(
      new Option('--layers <dir>', 'take the files of this directory, each named by its digest').conflicts([
        'platform',
        'referrers',
        'format',
        'compression',
      ]),
    )
    .option(
      '--manifest <file>',
      'with --layers: the manifest, or - for stdin; manifest.json of the directory unless told',
    )
    .option('--referrers', 'copy what is attached to it, too: signatures, SBOMs, attestations')
    .addOption(referrerTypeOption())
    .option('-n, --no-clobber', 'leave a tag that stands already')
    .option('--force', 'send again what is under a manifest that is there already')
    .option('--dry-run', 'only tell what would be sent')
    .action((source, reference, flags) =>
      frame.run(flags, async (session) => {
        const { layers, manifest } = flags;
        if (layers === undefined) return pushImage(session, source, reference, flags);
        if (reference !== undefined) throw misused(`both ${source} and --layers name what is pushed`);
        await pushFiles(session, { layers, manifest }, source, flags);
      }),
    );
  return withExamples(
    command,
    'lading push ./alpine localhost:5000/alpine:3.20',
    'lading push app.tar ghcr.io/o/app:1,latest',
    'lading push oci:./images:1.2 localhost:5000/app:1.2',
    'lading push --layers ./layers localhost:5000/alpine:3.20',
  );
}

type Flags = TransferFlags & { readonly manifest?: string | undefined };

async function pushImage(session: Session, source: string, reference: string | undefined, flags: Flags): Promise<void> {
  if (reference === undefined) throw misused(`where ${source} is to go is not said`);
  if (flags.manifest !== undefined) throw misused('--manifest goes with --layers');
  const from = await openFrom(session, await localLocator(session.context, source));
  const to = await openDestination(session, reference);
  await tellTransfer(session, await transfer(session, from, to, flags), to);
}

function misused(problem: string): OciError {
  return new OciError('USAGE', problem, { hint: 'write push SOURCE REFERENCE, or push --layers DIR REFERENCE' });
}
