/** `flatten`: one layer made of all those of an image, which is then published under the name that it is given. */
import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { flatten } from '../../image/change/flatten.ts';
import {
  compressionOptions,
  type CompressionFlags,
  layerOptions,
  type PublishFlags,
  publishOptions,
} from '../options/change.ts';
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
      'Make one layer of all those of an image, for all its platforms, and put what comes of it under another name. It unpacks to the same files; of the history one step is left. The same image becomes the same digest.',
    )
    .argument('<image>', IMAGE_PLACES)
    .option('--created-by <text>', 'what the history tells of the layer; "lading flatten" unless told')
    .option('--created <time>', 'when, e.g. 2024-05-06T07:08:09Z; $SOURCE_DATE_EPOCH, or else the time of the image')
    .option('--foreign-layers', 'fetch layers that are kept elsewhere from there');
  compressionOptions(command, 'how the layer is compressed; gzip unless told').action((image, flags) =>
    frame.run(flags, async (session) => {
      await flattenTo(session, image, flags);
    }),
  );
  return withExamples(
    command,
    'lading flatten localhost:5000/app:1 --tag localhost:5000/app:1-flat',
    'lading flatten --platform linux/amd64 -t oci:./flat:1 ghcr.io/o/app:1',
  );
}

type Flags = PublishFlags &
  CompressionFlags & { readonly createdBy?: string | undefined; readonly created?: string | undefined };

async function flattenTo(session: Session, image: string, flags: Flags): Promise<void> {
  const target = changedTarget(image, flags.tag);
  const { createdBy, created = sourceDate(session) } = flags;
  const from = await openFrom(session, image);
  const options = { ...layerOptions(session, flags), createdBy, created };
  const changed = await flatten(from.source, from.reference, options);
  session.defer(() => changed.close());
  await publish(session, from, changed, target, flags);
}
