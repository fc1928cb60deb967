/** `size`: what images weigh, compressed and unpacked, layers that they share counted once. */
import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { formatSize } from '../bytes.ts';
import { openFrom } from '../ends.ts';
import { withExamples } from '../examples.ts';
import type { Frame } from '../frame.ts';
import { addUp, type ImageSize, measureImages } from '../image-sizes.ts';
import { outputOptions, platformOption, registryOptions } from '../options.ts';
import type { Piece } from '../style.ts';

export function build(frame: Frame): CommandUnknownOpts {
  const command = registryOptions(outputOptions(new Command()))
    .description('Add up the sizes of images: each platform, and all together, where what they share counts once.')
    .argument('<image...>', 'references or locators')
    .addOption(platformOption())
    .option('--unpacked', 'the unpacked size, too; this reads every layer')
    .action((images, flags) =>
      frame.run(flags, async (session) => {
        const sizes: ImageSize[] = [];
        for (const image of images) {
          const from = await openFrom(session, image);
          for await (const one of measureImages(from, { ...session.call, ...flags, image })) sizes.push(one);
        }
        const total = addUp(sizes);
        if (session.output.isJson)
          return session.output.json({ images: sizes.map((size) => ({ ...size, parts: undefined })), total });
        const rows = sizes.map((size) => rowOf(size, size.image, flags.unpacked));
        if (sizes.length > 1) rows.push(rowOf({ ...total, platform: '' }, 'together', flags.unpacked));
        await session.output.table(layoutOf(flags.unpacked), rows);
      }),
    );
  return withExamples(
    command,
    'lading size alpine:3.20',
    'lading size --platform linux/amd64 alpine:3.19 alpine:3.20',
    'lading size --unpacked --json oci:./alpine',
  );
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

function rowOf(
  size: Pick<ImageSize, 'platform' | 'layers' | 'compressed' | 'unpacked'>,
  name: string,
  unpacked: true | undefined,
): Piece[] {
  const { platform = '-', layers, compressed } = size;
  const last = unpacked === true ? [formatSize(size.unpacked ?? 0)] : [];
  return [name, platform, String(layers), formatSize(compressed), ...last];
}
