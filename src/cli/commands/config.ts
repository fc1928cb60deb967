/** `config`: the config of an image, byte for byte. */
import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { OciError } from '../../errors.ts';
import { readAll } from '../../bytes/read.ts';
import { MAX_CONFIG_BYTES } from '../../graph/select.ts';
import { documentOptions, writeDocument } from '../document.ts';
import { openFrom } from '../places/ends.ts';
import { withExamples } from '../examples.ts';
import type { Frame } from '../frame.ts';
import { IMAGE_PLACES, outputOptions, platformOption, registryOptions } from '../options/shared.ts';

export function build(frame: Frame): CommandUnknownOpts {
  const command = documentOptions(registryOptions(outputOptions(new Command())))
    .description(
      'Print the config of an image, byte for byte. An image for many platforms needs --platform, or linux/amd64 is taken.',
    )
    .argument('<image>', IMAGE_PLACES)
    .addOption(platformOption())
    .action((image, flags) =>
      frame.run(flags, async (session) => {
        const from = await openFrom(session, image);
        const manifest = await from.image(flags.platform);
        const config = manifest.links.find(({ role }) => role === 'config')?.descriptor;
        if (config === undefined) throw new OciError('NOT_FOUND', `${from.describe} has no config`);
        const bytes = await readAll(
          from.source.blob(config).open(session.call),
          MAX_CONFIG_BYTES,
          `config ${config.digest}`,
        );
        await writeDocument(session, bytes, flags);
      }),
    );
  return withExamples(command, 'lading config alpine', 'lading config --pretty --platform linux/arm64 alpine:3.20');
}
