/** `copy`: an image from anywhere to anywhere, all platforms and the same digests. */
import { Command, type CommandUnknownOpts, Option } from '@commander-js/extra-typings';
import { OciError } from '../../errors.ts';
import { isDigestTag } from '../../graph/digest-tags.ts';
import { isSaved, nameIn, parseLocator } from '../../node/locator.ts';
import { namesAtTarget } from '../places/all-tags.ts';
import { convertOptions } from '../transfer/converted.ts';
import { fromPlace, openFrom } from '../places/ends.ts';
import { withExamples } from '../examples.ts';
import type { Frame } from '../frame.ts';
import { openDestination, openImages } from '../places/locators.ts';
import { endOptions, IMAGE_PLACES, many, outputOptions, platformsOption, registryOptions } from '../options/shared.ts';
import { referrerTypeOption } from '../options/referrers.ts';
import type { Session } from '../session.ts';
import { type ListedTag, listTags } from '../tags/list.ts';
import { createPlanned } from '../transfer/planned.ts';
import { exitOfMany, orPassOver } from '../transfer/passed-over.ts';
import { refuseStandingArchive } from '../places/standing-archive.ts';
import {
  finishing,
  tellTransfer,
  transfer,
  type Transferred,
  type TransferFlags,
  transferOpen,
} from '../transfer/transfer.ts';

export function build(frame: Frame): CommandUnknownOpts {
  const command = convertOptions(endOptions(registryOptions(outputOptions(new Command()))))
    .description(
      'Copy an image, index or artifact from anywhere to anywhere: all its platforms, with the same digests. What is there already is not sent again.',
    )
    .argument('<source>', IMAGE_PLACES)
    .argument('<destination>', 'the same; several tags stand after commas: app:1,1.2,latest')
    .addOption(platformsOption())
    .option('--referrers', 'copy what is attached to it, too: signatures, SBOMs, attestations')
    .addOption(referrerTypeOption())
    .option('--foreign-layers', 'copy layers that are kept elsewhere, too')
    .option('-a, --all-tags', 'every tag of the repository; both ends are named without a tag')
    .addOption(
      new Option(
        '--filter <glob>',
        'with --all-tags: only tags like this; "!x" leaves x out; repeat it for more',
      ).argParser(many),
    )
    .option('-n, --no-clobber', 'leave a tag that stands already')
    .option('--force', 'send again what is under a manifest that is there already')
    .option('--dry-run', 'only tell what would be sent')
    .action((source, destination, flags) =>
      frame.run(flags, async (session) => {
        if (flags.allTags === true) return copyTags(session, source, destination, flags);
        if (flags.filter !== undefined) throw new OciError('USAGE', '--filter goes with --all-tags');
        const from = await openFrom(session, source);
        const to = await openDestination(session, destination);
        return tellTransfer(session, await transfer(session, from, to, flags), to);
      }),
    );
  return withExamples(
    command,
    'lading copy alpine:3.20 localhost:5000/alpine:3.20',
    'lading copy ghcr.io/o/app:1 localhost:5000/app:1,1.2,latest',
    'lading copy --platform linux/amd64 --platform linux/arm64 alpine oci:./alpine:latest',
    'lading copy --format oci --compression zstd localhost:5000/app:1 localhost:5000/app:1-zstd',
    'lading copy --all-tags --filter "3.*" --no-clobber alpine localhost:5000/alpine',
  );
}

type AllTagsFlags = TransferFlags & { readonly filter?: readonly string[] | undefined };

/** @returns the exit code */
async function copyTags(session: Session, source: string, destination: string, flags: AllTagsFlags): Promise<number> {
  for (const end of [source, destination]) {
    if (nameIn(parseLocator(end)) !== undefined) {
      throw new OciError('USAGE', `${end} names a tag, and --all-tags is about all of them`);
    }
  }
  const from = await openImages(session, source);
  const to = await openDestination(session, destination);
  // An archive is there when all of it is, and an engine gets one: there what fails ends it all.
  const isArchive = to.locator.kind === 'oci-archive' || isSaved(to.locator);
  // What one image brings in a dry run is there for the next ones.
  const into = flags.dryRun === true ? createPlanned().target(to.target) : to.target;
  const done: Transferred[] = [];
  const failures: OciError[] = [];
  const tell = (told: Transferred): Promise<void> =>
    tellTransfer(session, told, { asStream: true, isStdout: to.isStdout });
  await finishing(to, flags, async () => {
    if (flags.clobber === false) await refuseStandingArchive(session, to);
    const tags = listTags(from.source, { ...session.call, filter: flags.filter });
    for await (const { name, target } of namesAtTarget(from.locator, to.locator, tagsOf(tags))) {
      if (isAboutWhole(name, flags)) {
        session.output.note(`left out: ${name}, which is about what is not copied as it is`);
        continue;
      }
      const image = fromPlace(session, { ...from, reference: name, ...from.named(name) });
      const copyOne = async (): Promise<void> => {
        const told = await transferOpen(session, image, { ...to, target: into, tags: [target] }, flags);
        done.push(told);
        if (!isArchive) await tell(told);
      };
      await (isArchive ? copyOne() : orPassOver(session, failures, image.describe, copyOne));
    }
    if (done.length + failures.length === 0) throw new OciError('NOT_FOUND', `${from.describe} has no tags to copy`);
  });
  if (isArchive) for (const told of done) await tell(told);
  if (failures.length > 0) session.output.note(`${failures.length} of ${done.length + failures.length} tags failed`);
  return exitOfMany(done.length, failures);
}

/** What hangs on a digest under a tag made of it, where images get other digests on the way, or are taken out of theirs. */
function isAboutWhole(tag: string, { platform, format, compression }: AllTagsFlags): boolean {
  return (platform ?? format ?? compression) !== undefined && isDigestTag(tag);
}

async function* tagsOf(tags: AsyncIterable<ListedTag>): AsyncGenerator<string> {
  for await (const { tag } of tags) yield tag;
}
