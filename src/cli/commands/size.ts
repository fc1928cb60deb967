/** `size`: what images weigh, compressed and unpacked, layers that they share counted once. */
import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { formatPlatform } from '../../model/platform.ts';
import { formatSize } from '../terminal/bytes.ts';
import { openFrom } from '../places/ends.ts';
import { withExamples } from '../examples.ts';
import type { Frame } from '../frame.ts';
import { type ImageSize, imageSizes, type SizeTotal, totalSize } from '../../image/size.ts';
import { outputOptions, platformOption, registryOptions } from '../options/shared.ts';
import type { Piece } from '../terminal/style.ts';

export function build(frame: Frame): CommandUnknownOpts {
  const command = registryOptions(outputOptions(new Command()))
    .description('Add up the sizes of images: each platform, and all together, where what they share counts once.')
    .argument('<image...>', 'references or locators')
    .addOption(platformOption())
    .option('--unpacked', 'the unpacked size, too; this reads every layer')
    .action((images, flags) =>
      frame.run(flags, async (session) => {
        const { unpacked, platform, concurrency } = flags;
        const sizes: NamedSize[] = [];
        for (const image of images) {
          const { source, reference } = await openFrom(session, image);
          const measured = imageSizes(source, reference, { ...session.call, unpacked, platform, concurrency });
          for await (const size of measured) sizes.push({ image, size });
        }
        const total = totalSize(sizes.map(({ size }) => size));
        if (session.output.isJson) return session.output.json({ images: sizes.map(shown), total });
        const rows = sizes.map(({ image, size }) => rowOf(image, size, platformName(size), unpacked));
        if (sizes.length > 1) rows.push(rowOf('together', total, '', unpacked));
        await session.output.table(layoutOf(unpacked), rows);
      }),
    );
  return withExamples(
    command,
    'lading size alpine:3.20',
    'lading size --platform linux/amd64 alpine:3.19 alpine:3.20',
    'lading size --unpacked --json oci:./alpine',
  );
}

interface NamedSize {
  /** As the user named it. */
  readonly image: string;
  readonly size: ImageSize;
}

type Columns = { readonly title: string; readonly align?: 'right' }[];

function layoutOf(unpacked: true | undefined): Columns {
  const right = (title: string): Columns[number] => ({ title, align: 'right' });
  return [
    { title: 'IMAGE' },
    { title: 'PLATFORM' },
    right('LAYERS'),
    right('COMPRESSED'),
    ...(unpacked ? [right('UNPACKED')] : []),
  ];
}

function rowOf(name: string, size: SizeTotal, platform: string = '-', unpacked?: true): Piece[] {
  const last = unpacked === true ? [formatSize(size.unpacked ?? 0)] : [];
  return [name, platform, String(size.layers), formatSize(size.compressed), ...last];
}

function platformName({ platform }: ImageSize): string | undefined {
  return platform && formatPlatform(platform);
}

/** The JSON of an image. */
function shown({ image, size }: NamedSize): object {
  const { descriptor, layers, compressed, unpacked } = size;
  return { image, digest: descriptor.digest, platform: platformName(size), layers, compressed, unpacked };
}
