/** `convert`: an image in other media types, or compressed otherwise, published under the name that it is given. */
import { Command, type CommandUnknownOpts, Option } from '@commander-js/extra-typings';
import { OciError } from '../../errors.ts';
import { convert } from '../../image/change/convert.ts';
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
import { tellLost } from '../transfer/converted.ts';
import { endOptions, IMAGE_PLACES, outputOptions, registryOptions } from '../options/shared.ts';
import type { Session } from '../session.ts';

export function build(frame: Frame): CommandUnknownOpts {
  const command = publishOptions(endOptions(registryOptions(outputOptions(new Command()))))
    .description(
      'Change the media types of an image and the compression of its layers, for all its platforms, and put what comes of it under another name. What is so already stays as it is, and it unpacks to the same files.',
    )
    .argument('<image>', IMAGE_PLACES)
    .addOption(
      new Option('--format <family>', 'the media types: of OCI, or docker’s').choices(['oci', 'docker'] as const),
    )
    .option('--force', 'with --compression: compress those layers anew, too, that are compressed so')
    .option('--rm-urls', 'make ordinary layers of those that are kept elsewhere')
    .option('--foreign-layers', 'fetch layers that are kept elsewhere from there');
  compressionOptions(command, 'how the layers are compressed').action((image, flags) =>
    frame.run(flags, async (session) => {
      await convertTo(session, image, flags);
    }),
  );
  return withExamples(
    command,
    'lading convert --format docker --compression gzip ghcr.io/o/app:1 --tag localhost:5000/app:1-docker',
    'lading convert --format oci --compression none -t oci:./app:1 localhost:5000/app:1',
  );
}

type Flags = PublishFlags &
  CompressionFlags & {
    readonly format?: 'oci' | 'docker' | undefined;
    readonly force?: true | undefined;
    readonly rmUrls?: true | undefined;
  };

async function convertTo(session: Session, image: string, flags: Flags): Promise<void> {
  const target = changedTarget(image, flags.tag);
  const { format: family, compression, force, rmUrls: removeUrls } = flags;
  if (family === undefined && compression === undefined && removeUrls === undefined) {
    throw new OciError('USAGE', `it is not said what ${image} is to become`, { hint: 'add --format or --compression' });
  }
  const from = await openFrom(session, image);
  const options = { ...layerOptions(session, flags), family, force, removeUrls };
  const changed = await convert(from.source, from.reference, options);
  session.defer(() => changed.close());
  const { lostAnnotations } = changed;
  await publish(session, from, changed, target, flags, { lostAnnotations });
  tellLost(session, changed);
}
