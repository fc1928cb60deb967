/** `index create` and `index add`: images from anywhere become entries of an index. */
import {
  type Command as AnyCommand,
  Command,
  type CommandUnknownOpts,
  Option,
  type OptionValues,
} from '@commander-js/extra-typings';
import { OciError } from '../../errors.ts';
import { addToIndex, type ChangedIndex, createIndex, type IndexItem } from '../../image/index/image-index.ts';
import type { Annotations, Descriptor } from '../../model/descriptor.ts';
import { isIndex } from '../../model/manifest.ts';
import { formatPlatform, normalizePlatform, parsePlatform, type Platform } from '../../model/platform.ts';
import { parseTargetLocator } from '../../node/locator.ts';
import { type From, openFrom } from '../places/ends.ts';
import { withExamples } from '../examples.ts';
import type { Frame } from '../frame.ts';
import { changeIndexAt, publishIndex, publishOptions, tagOption } from './publish.ts';
import { manyPairs, pairEdits } from '../options/named-values.ts';
import { readsStdin } from '../places/locators.ts';
import { asArgument, IMAGE_PLACES, platformsOption } from '../options/shared.ts';
import type { Session } from '../session.ts';

type ItemFlags = {
  readonly platform?: readonly Platform[] | undefined;
  readonly setPlatform?: Platform | undefined;
  readonly entryAnnotation?: readonly string[] | undefined;
  /** `--nested` */
  readonly nested?: true | undefined;
};

function itemOptions<A extends unknown[], O extends OptionValues>(
  command: AnyCommand<A, O>,
): AnyCommand<A, O & ItemFlags> {
  const platforms = platformsOption();
  platforms.description = 'of an image for many platforms, take this one; repeat it for more';
  command.addOption(platforms);
  command.addOption(
    new Option('--set-platform <os/arch[/variant]>', 'what the image is for, whatever its config says').argParser(
      (text: string) => asArgument(() => parsePlatform(text)),
    ),
  );
  command.addOption(
    new Option('--entry-annotation <name=value>', 'set an annotation of the new entries').argParser(manyPairs),
  );
  command.addOption(new Option('--nested', 'list an index as one entry, not what it lists'));
  return command;
}

export function createCommand(frame: Frame): CommandUnknownOpts {
  const command = itemOptions(publishOptions(new Command('create')))
    .summary('make an index of images')
    .description(
      'Make an index of images, which may come from different places, and copy them to it. What BuildKit attests of an image that is taken from an index comes along.',
    )
    .argument('<target>', `where it goes: ${IMAGE_PLACES}; several tags stand after commas`)
    .argument('[image...]', 'images and indexes, in the order they shall have')
    .addOption(new Option('-a, --annotation <name=value>', 'set an annotation of the index').argParser(manyPairs))
    .option('--artifact-type <type>', 'what the index is, where it is no image')
    .option('--subject <image>', 'what the index is attached to')
    .addOption(
      new Option('--format <family>', 'the media types').choices(['oci', 'docker'] as const).default('oci' as const),
    )
    .action((target, images, flags) =>
      frame.run(flags, async (session) => {
        parseTargetLocator(target);
        const froms = await openAll(session, images);
        const subject =
          flags.subject === undefined ? undefined : await (await openFrom(session, flags.subject)).resolve();
        const annotations = setPairs(flags.annotation);
        const { artifactType, format: family } = flags;
        const { concurrency } = session.flags;
        const options = { ...session.call, concurrency, family, annotations, artifactType, subject };
        const made = await createIndex(itemsOf(froms, flags), options);
        await tellTwice(session, made);
        const describe = images.join(',');
        await publishIndex(session, { describe, at: (digest) => digest }, made, target, flags);
      }),
    );
  return withExamples(
    command,
    'lading index create localhost:5000/app:1 localhost:5000/app:1-amd64 localhost:5000/app:1-arm64',
    'lading index create ghcr.io/o/app:1,latest oci:./amd64 oci:./arm64 -a org.opencontainers.image.version=1',
  );
}

export function addCommand(frame: Frame): CommandUnknownOpts {
  const command = itemOptions(publishOptions(new Command('add')))
    .summary('add images to an index')
    .description('Add images to an index, after those that it has, and put what comes of it under another name.')
    .argument('<index>', IMAGE_PLACES)
    .argument('<image...>', 'images and indexes')
    .addOption(tagOption())
    .option('--replace', 'take out what the index has for the same platforms')
    .action((index, images, flags) =>
      frame.run(flags, (session) =>
        changeIndexAt(session, index, flags, async ({ source, reference }) => {
          const items = itemsOf(await openAll(session, images), flags);
          const { concurrency } = session.flags;
          const { replace } = flags;
          const changed = await addToIndex(source, reference, items, { ...session.call, concurrency, replace });
          await tellTwice(session, changed, '; --replace takes out the others');
          return changed;
        }),
      ),
    );
  return withExamples(
    command,
    'lading index add localhost:5000/app:1 localhost:5000/app:1-s390x --tag localhost:5000/app:1',
    'lading index add --replace --platform linux/arm64 -t app:2 app:2 builds/app:nightly',
  );
}

async function openAll(session: Session, images: readonly string[]): Promise<readonly From[]> {
  const piped = images.filter(readsStdin).length;
  if (piped > 1) throw new OciError('USAGE', 'stdin can be one image only');
  const froms: From[] = [];
  for (const image of images) froms.push(await openFrom(session, image));
  return froms;
}

function itemsOf(froms: readonly From[], flags: ItemFlags): readonly IndexItem[] {
  const { platform: platforms, setPlatform: platform, nested } = flags;
  if (platform !== undefined && froms.length > 1) {
    throw new OciError('USAGE', `${froms.length} images cannot all be for ${formatPlatform(platform)}`);
  }
  const annotations = setPairs(flags.entryAnnotation);
  return froms.map(({ source, reference }) => ({ source, reference, platforms, platform, nested, annotations }));
}

function setPairs(pairs: readonly string[] | undefined): Annotations | undefined {
  return pairEdits(pairs, undefined) as Annotations | undefined;
}

/** Who pulls gets the first image that fits: a second one is hardly meant. */
async function tellTwice(
  { output, call }: Session,
  { source, root, added }: ChangedIndex,
  hint: string = '',
): Promise<void> {
  const index = await source.manifest(root, call);
  if (!isIndex(index)) return;
  const names = index.document.manifests.map(platformName);
  for (const name of new Set(added.map(platformName))) {
    if (name === undefined || names.filter((one) => one === name).length < 2) continue;
    output.warn(`${name} is there more than once, and clients take the first${hint}`);
  }
}

/** undefined: it tells none, or is about another entry. Images with features of their own (compressions, Hyper-V) stand beside others. */
function platformName({ platform }: Descriptor): string | undefined {
  if (!platform || platform.os === 'unknown') return undefined;
  const { 'os.features': features = [], ...known } = normalizePlatform(platform);
  return [formatPlatform(known), ...features].join(' with ');
}
