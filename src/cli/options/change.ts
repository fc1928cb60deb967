/** The options of commands that write layers of images anew: which images, how the layers are compressed, and where it all goes. */
import { type Command, Option, type OptionValues } from '@commander-js/extra-typings';
import type { ChangeLayersOptions } from '../../image/change/change-layers.ts';
import { LAYER_FORMS, type LayerForm } from '../../image/layer/form.ts';
import type { Platform } from '../../model/platform.ts';
import { spoolToDisk } from '../../node/files/spool.ts';
import { count, IMAGE_PLACES, platformsOption } from './shared.ts';
import type { Session } from '../session.ts';

export type PublishFlags = {
  readonly tag?: string | undefined;
  readonly platform?: readonly Platform[] | undefined;
  /** `--no-clobber` makes it false. */
  readonly clobber?: boolean | undefined;
  readonly dryRun?: true | undefined;
};

export type CompressionFlags = {
  readonly compression?: LayerForm | undefined;
  readonly compressionLevel?: number | undefined;
};

/** `--tag --platform --no-clobber --dry-run` */
export function publishOptions<A extends unknown[], O extends OptionValues>(
  command: Command<A, O>,
): Command<A, O & PublishFlags> {
  const platforms = platformsOption();
  platforms.description = 'change this platform only, the others stay as they are; repeat it for more';
  const target = `where it goes: ${IMAGE_PLACES}; several tags stand after commas: app:2,latest`;
  command.addOption(new Option('-t, --tag <target>', target));
  command.addOption(platforms);
  command.addOption(new Option('-n, --no-clobber', 'leave a tag that stands already'));
  command.addOption(new Option('--dry-run', 'only tell what would be sent'));
  return command;
}

/** `--compression --compression-level` */
export function compressionOptions<A extends unknown[], O extends OptionValues>(
  command: Command<A, O>,
  description: string,
  group?: string,
): Command<A, O & CompressionFlags> {
  const options = [
    new Option('--compression <how>', description).choices(LAYER_FORMS),
    new Option('--compression-level <n>', '1 to 9 for gzip and estargz, to 19 for zstd and zstd:chunked').argParser(
      count,
    ),
  ];
  for (const option of options) command.addOption(group === undefined ? option : option.helpGroup(group));
  return command;
}

/** What the flags and the session say of how layers are written anew. */
export function layerOptions(
  { call, flags: { concurrency } }: Session,
  flags: CompressionFlags & Pick<PublishFlags, 'platform'>,
): ChangeLayersOptions {
  const { platform: platforms, compression, compressionLevel: level } = flags;
  return { ...call, platforms, concurrency, compression, level, spool: spoolToDisk() };
}
