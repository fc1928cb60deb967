/** `inspect`: one page on an image, for people; with `--json` the same for programs. */
import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { openFrom } from '../places/ends.ts';
import { withExamples } from '../examples.ts';
import type { Frame } from '../frame.ts';
import { inspectImage } from '../inspect/inspection.ts';
import { inspectionPage } from '../inspect/page.ts';
import { IMAGE_PLACES, outputOptions, platformOption, registryOptions } from '../options/shared.ts';

export function build(frame: Frame): CommandUnknownOpts {
  const command = registryOptions(outputOptions(new Command()))
    .description(
      'Show an image on one page: digest, platforms, config, layers, history, annotations, and what is attached to it.',
    )
    .argument('<image>', IMAGE_PLACES)
    .addOption(platformOption())
    .option('--tags', 'list the tags of its repository, too')
    .action((image, flags) =>
      frame.run(flags, async (session) => {
        const { output, call } = session;
        const inspection = await inspectImage(await openFrom(session, image), flags, call);
        if (output.isJson) return output.json(inspection);
        for (const line of inspectionPage(inspection)) await output.line(...line);
      }),
    );
  return withExamples(
    command,
    'lading inspect alpine:3.20',
    'lading inspect --platform linux/arm64 --json alpine',
    'lading inspect oci:./alpine',
    'lading inspect --template "{{ image.created }} {{ image.config.Env | json }}" oci:./alpine',
    'lading inspect --tags ghcr.io/o/app:1',
  );
}
