/** `pull`: a copy to this disk: into a layout, an archive, or as plain layer files. */
import path from 'node:path';
import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { OciError } from '../../errors.ts';
import { openFrom } from '../ends.ts';
import { withExamples } from '../examples.ts';
import type { Frame } from '../frame.ts';
import { keepLayers } from '../layer-files.ts';
import { openDestination } from '../locators.ts';
import { endOptions, outputOptions, platformsOption, registryOptions } from '../options.ts';
import { pullPlace } from '../pull-place.ts';
import type { Session } from '../session.ts';
import { tellTransfer, transfer, type TransferFlags } from '../transfer.ts';

export function build(frame: Frame): CommandUnknownOpts {
  const command = endOptions(registryOptions(outputOptions(new Command())))
    .description(
      'Copy an image to this disk: all its platforms, with the same digests. What is there already is not fetched again, and what was begun is continued.',
    )
    .argument('<reference>', 'the image')
    .argument(
      '[place]',
      'a directory for an OCI layout, a .tar file, or a locator; the last name of the repository unless told',
    )
    .addOption(platformsOption())
    .option('--layers <dir>', 'keep the plain layer files in this directory instead, each named by its digest')
    .option('--referrers', 'copy what is attached to it, too: signatures, SBOMs, attestations')
    .option('--foreign-layers', 'copy layers that are kept elsewhere, too')
    .option('-n, --no-clobber', 'leave a tag that stands already')
    .option('--force', 'fetch again what is under a manifest that is there already')
    .option('--dry-run', 'only tell what would be fetched')
    .action((name, place, flags) =>
      frame.run(flags, async (session) => {
        if (flags.layers !== undefined) return pullLayers(session, name, flags.layers, flags);
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

async function pullLayers(
  session: Session,
  name: string,
  dir: string,
  { platform = [] }: TransferFlags,
): Promise<void> {
  const { context, output, call, flags } = session;
  if (platform.length > 1) throw new OciError('USAGE', '--layers takes one platform');
  const from = await openFrom(session, name);
  const image = await from.image(platform[0]);
  const layers = image.links.filter(({ role }) => role === 'layer').map(({ descriptor }) => descriptor);
  const directory = path.resolve(context.cwd, dir);
  const kept = await keepLayers(from.source, layers, directory, { ...call, concurrency: flags.concurrency });
  const { digest } = image.descriptor;
  if (output.isJson) return output.json({ source: from.describe, directory, digest, layers: kept });
  for (const { file } of kept) await output.line(file);
}
