/** `digest`: the digest that a name stands for; an index's own, unless a platform is asked for. */
import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { openFrom } from '../places/ends.ts';
import { withExamples } from '../examples.ts';
import type { Frame } from '../frame.ts';
import { IMAGE_PLACES, outputOptions, platformOption, registryOptions } from '../options/shared.ts';

export function build(frame: Frame): CommandUnknownOpts {
  const command = registryOptions(outputOptions(new Command()))
    .description('Print the digest of an image. Of an image for many platforms it is the digest of its index.')
    .argument('<image>', IMAGE_PLACES)
    .addOption(platformOption())
    .option('--full-ref', 'print the name with the digest')
    .action((image, flags) =>
      frame.run(flags, async (session) => {
        const from = await openFrom(session, image);
        const { mediaType, digest, size } = await from.resolve(flags.platform);
        const reference = from.at(digest);
        if (session.output.isJson) return session.output.json({ reference, mediaType, digest, size });
        return session.output.line(flags.fullRef === true ? reference : digest);
      }),
    );
  return withExamples(
    command,
    'lading digest alpine:3.20',
    'lading digest --platform linux/arm64 alpine',
    'lading digest --template "{{ digest }} {{ size }}" alpine',
    'lading digest oci:./alpine:3.20',
  );
}
