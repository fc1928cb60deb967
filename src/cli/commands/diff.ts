/** `diff`: what differs between two images, wherever they are. */
import { Command, type CommandUnknownOpts, Option, type OptionValues } from '@commander-js/extra-typings';
import { OciError } from '../../errors.ts';
import { DIFF_SECTIONS, type DiffSection } from '../../image/diff/diff-options.ts';
import { diffImages, type ImageDiff } from '../../image/diff/image-diff.ts';
import type { DiffEnd } from '../../image/diff/image-pairs.ts';
import { spoolToDisk } from '../../node/files/spool.ts';
import { diffJson } from '../diff/json.ts';
import type { DiffNames } from '../diff/line.ts';
import { diffMarkdown } from '../diff/markdown.ts';
import { diffText } from '../diff/text.ts';
import { openFrom } from '../places/ends.ts';
import { withExamples } from '../examples.ts';
import { EXIT } from '../exit-codes.ts';
import type { Frame } from '../frame.ts';
import { type ImageFlags, imageOptions } from '../files/image-files.ts';
import { layerCache } from '../places/layer-cache.ts';
import { readsStdin } from '../places/locators.ts';
import { IMAGE_PLACES, outputOptions, registryOptions } from '../options/shared.ts';
import type { Session } from '../session.ts';
import { textOf } from '../terminal/style.ts';

type DiffFlags = ImageFlags &
  Partial<Readonly<Record<DiffSection, true>>> & {
    readonly exact?: true | undefined;
    readonly ignoreTimes?: true | undefined;
    readonly exitCode?: true | undefined;
    readonly markdown?: true | undefined;
    readonly color?: boolean | undefined;
  };

export function build(frame: Frame): CommandUnknownOpts {
  const command = diffOptions(imageOptions(registryOptions(outputOptions(new Command()))))
    .description(
      'Show what differs between two images: manifest, config, history, layers, files and packages. Of layers, those that differ are read.',
    )
    .argument('<before>', IMAGE_PLACES)
    .argument('<after>', 'likewise')
    .action((before, after, flags) =>
      frame.run(flags, async (session) => {
        const { diff, names } = await compare(session, before, after, flags);
        session.progress.close();
        await show(session, diff, names, flags);
        return flags.exitCode === true && diff.isDifferent ? EXIT.failed : EXIT.done;
      }),
    );
  return withExamples(
    command,
    'lading diff alpine:3.19 alpine:3.20',
    'lading diff --platform linux/arm64 --packages alpine:3.19 alpine:3.20',
    'lading diff --exit-code --ignore-times --files oci:./build ghcr.io/o/app:1.0',
    'lading diff --markdown ghcr.io/o/app:1.0 ghcr.io/o/app:1.1',
  );
}

const titles: Readonly<Record<DiffSection, string>> = {
  manifest: 'compare media types and annotations; without any of these all is compared',
  config: 'compare configs, variables and labels by their names',
  history: 'compare the steps that made them',
  layers: 'compare the lists of layers',
  files: 'compare the files',
  packages: 'compare packages: dpkg, apk, npm, Python',
};

function diffOptions<A extends unknown[], O extends OptionValues>(command: Command<A, O>): Command<A, O & DiffFlags> {
  for (const section of DIFF_SECTIONS) command.addOption(new Option(`--${section}`, titles[section]));
  command.addOption(new Option('--exact', 'read the layers that both begin with, too, where they tell more'));
  command.addOption(new Option('--ignore-times', 'take no notice of times'));
  command.addOption(new Option('--exit-code', 'end with 1 when they differ'));
  command.addOption(new Option('--markdown', 'print Markdown, for a pull request').conflicts(['json', 'template']));
  command.addOption(new Option('--no-color', 'print no colors'));
  return command;
}

async function compare(
  session: Session,
  before: string,
  after: string,
  flags: DiffFlags,
): Promise<{ readonly diff: ImageDiff; readonly names: DiffNames }> {
  if (readsStdin(before) && readsStdin(after)) throw new OciError('USAGE', 'only one image can come from stdin');
  const { call } = session;
  const { platform, exact, ignoreTimes } = flags;
  // One after the other: of what is not there, the tags beside it are suggested.
  const from = await openEnd(session, before);
  const to = await openEnd(session, after);
  const asked = DIFF_SECTIONS.filter((section) => flags[section] === true);
  const isRemote = from.isRemote || to.isRemote;
  const diff = await diffImages(from, to, {
    ...call,
    sections: asked.length === 0 ? undefined : asked,
    platform,
    exact,
    ignoreTimes,
    spool: isRemote ? spoolToDisk() : undefined,
    concurrency: session.flags.concurrency,
    cache: await layerCache(session, flags),
    whole: flags.whole,
  });
  return { diff, names: { before: from.describe, after: to.describe } };
}

interface NamedEnd extends DiffEnd {
  readonly describe: string;
  readonly isRemote: boolean;
}

async function openEnd(session: Session, name: string): Promise<NamedEnd> {
  const from = await openFrom(session, name);
  const { source, describe, repository } = from;
  return { source, describe, reference: await from.resolve(), isRemote: repository !== undefined };
}

async function show({ output }: Session, diff: ImageDiff, names: DiffNames, flags: DiffFlags): Promise<void> {
  if (output.isJson) return output.json(diffJson(diff, names));
  if (flags.markdown === true) {
    for (const line of diffMarkdown(diff, names)) await output.line(line);
    return;
  }
  for (const line of diffText(diff, names)) {
    await output.line(...(flags.color === false ? line.map(textOf) : line));
  }
  if (!diff.isDifferent) output.note('they are the same in what was compared');
}
