/** `index remove`, `index filter` and `index annotate`: what an index lists, and what it says of itself. */
import { Command, type CommandUnknownOpts, Option } from '@commander-js/extra-typings';
import { OciError } from '../../errors.ts';
import {
  annotateIndex,
  type EntryChoice,
  filterIndex,
  type IndexEdits,
  removeFromIndex,
} from '../../image/index/image-index.ts';
import { type Digest, parseDigest } from '../../model/digest.ts';
import type { Platform } from '../../model/platform.ts';
import { withExamples } from '../examples.ts';
import type { Frame } from '../frame.ts';
import { changeIndexAt, publishOptions, tagOption } from './publish.ts';
import { manyPairs, pairEdits, removesAll } from '../options/named-values.ts';
import { asArgument, IMAGE_PLACES, many, platformsOption } from '../options/shared.ts';

export function removeCommand(frame: Frame): CommandUnknownOpts {
  const command = publishOptions(new Command('remove'))
    .alias('rm')
    .summary('remove entries of an index')
    .description(
      'Remove entries of an index, with what is attested of them, and put what comes of it under another name.',
    )
    .argument('<index>', IMAGE_PLACES)
    .addOption(platforms('remove this platform; repeat it for more'))
    .addOption(digests('remove this entry; repeat it for more'))
    .addOption(tagOption())
    .action((index, flags) =>
      frame.run(flags, (session) => {
        const choice = choiceOf(flags);
        if (choice === undefined) throw unsaid('is to be removed', 'add --platform or --digest');
        return changeIndexAt(session, index, flags, ({ source, reference }) =>
          removeFromIndex(source, reference, choice, session.call),
        );
      }),
    );
  return withExamples(
    command,
    'lading index remove --platform linux/s390x -t localhost:5000/app:1 localhost:5000/app:1',
  );
}

export function filterCommand(frame: Frame): CommandUnknownOpts {
  const command = publishOptions(new Command('filter'))
    .summary('keep some platforms of an index')
    .description(
      'Keep some platforms of an index, with what is attested of them, and put what comes of it under another name.',
    )
    .argument('<index>', IMAGE_PLACES)
    .addOption(platforms('keep this platform; repeat it for more'))
    .addOption(tagOption())
    .action((index, flags) =>
      frame.run(flags, (session) => {
        const { platform: kept } = flags;
        if (kept === undefined) throw unsaid('is to be kept', 'add --platform');
        return changeIndexAt(session, index, flags, ({ source, reference }) =>
          filterIndex(source, reference, kept, session.call),
        );
      }),
    );
  return withExamples(
    command,
    'lading index filter --platform linux/amd64 --platform linux/arm64 -t localhost:5000/alpine:3 alpine:3',
  );
}

export function annotateCommand(frame: Frame): CommandUnknownOpts {
  const command = publishOptions(new Command('annotate'))
    .summary('change what an index says of itself')
    .description(
      "Change the annotations and the type of an index or, where some are chosen, the annotations of its entries. Those of the images are for mutate. A --rm-annotation of '*' removes all.",
    )
    .argument('<index>', IMAGE_PLACES)
    .addOption(new Option('-a, --annotation <name=value>', 'set an annotation').argParser(manyPairs))
    .addOption(new Option('--rm-annotation <name>', 'remove one').argParser(many))
    .option('--artifact-type <type>', 'what the index is; an empty one removes it')
    .addOption(platforms('annotate the entry for this platform; repeat it for more'))
    .addOption(digests('annotate this entry; repeat it for more'))
    .addOption(tagOption())
    .action((index, flags) =>
      frame.run(flags, (session) => {
        const edits = editsOf(flags);
        return changeIndexAt(session, index, flags, ({ source, reference }) =>
          annotateIndex(source, reference, edits, session.call),
        );
      }),
    );
  return withExamples(
    command,
    'lading index annotate -a org.opencontainers.image.version=1.0 -t localhost:5000/app:1 localhost:5000/app:1',
    'lading index annotate --platform linux/arm64 -a org.example.tested=yes -t app:1 app:1',
  );
}

interface AnnotateFlags extends ChoiceFlags {
  readonly annotation?: readonly string[] | undefined;
  readonly rmAnnotation?: readonly string[] | undefined;
  readonly artifactType?: string | undefined;
}

function editsOf(flags: AnnotateFlags): IndexEdits {
  const { artifactType } = flags;
  const choice = choiceOf(flags);
  const annotations = pairEdits(flags.annotation, flags.rmAnnotation);
  const clearAnnotations = removesAll(flags.rmAnnotation);
  if (annotations === undefined && !clearAnnotations && artifactType === undefined) {
    throw unsaid('is to change', 'add --annotation or --artifact-type');
  }
  if (choice === undefined) return { annotations, clearAnnotations, artifactType };
  return { artifactType, entries: [{ ...choice, annotations, clearAnnotations }] };
}

interface ChoiceFlags {
  readonly platform?: readonly Platform[] | undefined;
  readonly digest?: readonly Digest[] | undefined;
}

function choiceOf({ platform, digest }: ChoiceFlags): EntryChoice | undefined {
  return platform === undefined && digest === undefined ? undefined : { platforms: platform, digests: digest };
}

function platforms(description: string): ReturnType<typeof platformsOption> {
  const option = platformsOption();
  option.description = description;
  return option;
}

function digests(description: string): Option<'--digest <digest>', undefined, undefined, readonly Digest[]> {
  return new Option('--digest <digest>', description).argParser(
    (text: string, before: readonly Digest[] | undefined) => [...(before ?? []), asArgument(() => parseDigest(text))],
  );
}

function unsaid(what: string, hint: string): OciError {
  return new OciError('USAGE', `it is not said what ${what}`, { hint });
}
