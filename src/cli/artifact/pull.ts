/** `artifact pull`: the files of an artifact, or of one that is attached to an image, in a directory or on stdout. */
import { Command, type CommandUnknownOpts, Option } from '@commander-js/extra-typings';
import { OciError } from '../../errors.ts';
import { type ArtifactFile, type ArtifactFiles, artifactFiles } from '../../image/attached/artifact-files.ts';
import { type Attached, attached } from '../../image/attached/attached.ts';
import { layerKind } from '../../image/layer/types.ts';
import { collect } from '../../graph/collect.ts';
import type { Descriptor } from '../../model/descriptor.ts';
import type { Platform } from '../../model/platform.ts';
import { pullFiles } from '../../node/artifact/artifact-pull.ts';
import { saveContent } from '../../node/files/save-content.ts';
import { openFrom, type From } from '../places/ends.ts';
import { withExamples } from '../examples.ts';
import type { Frame } from '../frame.ts';
import { globFilter } from '../options/globs.ts';
import { IMAGE_PLACES, many, outputOptions, platformOption, registryOptions } from '../options/shared.ts';
import { outputPlace } from '../places/output-file.ts';
import { type FilterFlags, filterOf, filterOptions } from '../options/referrers.ts';
import type { Session } from '../session.ts';

export function pullCommand(frame: Frame): CommandUnknownOpts {
  const command = filterOptions(registryOptions(outputOptions(new Command('pull'))))
    .summary('pull the files of an artifact')
    .description(
      'Write the files of an artifact to a directory, by their titles, and unpack what was packed from a directory. Nothing is written outside of it.',
    )
    .argument('[artifact]', `${IMAGE_PLACES}; left out with --subject`)
    .addOption(new Option('-o, --output <dir>', 'where to; - is stdout, for a single file').default('.'))
    .option('--subject <image>', 'pull what is attached to this image; the options below choose of it')
    .addOption(platformOption())
    .addOption(
      new Option('--filter <glob>', 'only files of such titles; "!x" leaves x out; repeat it for more').argParser(many),
    )
    .addOption(new Option('--media-type <type>', 'only files of this type; repeat it for more').argParser(many))
    .option('--include-subject', 'pull the files of what it is attached to, too')
    .option('--config <file>', 'write its config to this file')
    .option('-k, --keep-old-files', 'files that stand already are an error, not replaced')
    .action((name, flags) =>
      frame.run(flags, async (session) => {
        await pull(session, name, flags);
      }),
    );
  return withExamples(
    command,
    'lading artifact pull ghcr.io/o/docs:1 -o ./docs',
    'lading artifact pull --filter "*.md" localhost:5000/docs:1',
    'lading artifact pull --subject ghcr.io/o/app:1 --artifact-type application/spdx+json --latest -o -',
  );
}

type PullFlags = FilterFlags & {
  readonly output: string;
  readonly subject?: string | undefined;
  readonly platform?: Platform | undefined;
  readonly filter?: readonly string[] | undefined;
  readonly mediaType?: readonly string[] | undefined;
  readonly includeSubject?: true | undefined;
  readonly config?: string | undefined;
  readonly keepOldFiles?: true | undefined;
};

async function pull(session: Session, name: string | undefined, flags: PullFlags): Promise<void> {
  const { from, artifact } = await openArtifact(session, name, flags);
  const all = artifact.files;
  const isWanted = await globFilter(flags.filter);
  const files = all.filter(
    ({ title, descriptor }) =>
      (flags.filter === undefined || (title !== undefined && isWanted(title))) &&
      (flags.mediaType === undefined || flags.mediaType.includes(descriptor.mediaType)),
  );
  await writeConfig(session, from, artifact, flags.config);
  if (flags.output === '-') return writeOnly(session, from, files);
  await writeAll(session, from, { ...artifact, files }, flags);
}

interface Opened {
  readonly from: From;
  readonly artifact: ArtifactFiles;
}

async function openArtifact(session: Session, name: string | undefined, flags: PullFlags): Promise<Opened> {
  const { subject, platform, includeSubject } = flags;
  const place = subject ?? name;
  if (place === undefined || (subject !== undefined && name !== undefined)) {
    throw new OciError('USAGE', 'either an artifact is named, or the image that it is attached to', {
      hint: 'write artifact pull REFERENCE, or artifact pull --subject IMAGE',
    });
  }
  if (subject === undefined && filterOf(flags) !== undefined) {
    throw new OciError('USAGE', 'there is one artifact of a name: what chooses goes with --subject');
  }
  const from = await openFrom(session, place);
  const options = { ...session.call, includeSubject };
  if (subject === undefined) {
    return { from, artifact: await artifactFiles(from.source, from.reference, { ...options, platform }) };
  }
  const chosen = await chooseAttached(session, from, flags);
  return { from, artifact: await artifactFiles(from.source, chosen, options) };
}

const MAX_NAMED = 10;

/** The one that is attached and wanted. @throws OciError `NOT_FOUND`, `USAGE` when there are several */
async function chooseAttached({ call, flags }: Session, from: From, wanted: PullFlags): Promise<Descriptor> {
  const { platform } = wanted;
  const { concurrency } = flags;
  const options = { ...call, ...filterOf(wanted), platform, concurrency, depth: 1 };
  const all = await collect(attached(from.source, from.reference, options));
  // What hangs on an index itself is meant before what hangs on one of its images.
  const own = all.filter((one) => one.platform === undefined);
  const found = own.length > 0 ? own : all;
  const [first] = found;
  if (first === undefined) {
    throw new OciError('NOT_FOUND', `nothing like that is attached to ${from.describe}`, {
      hint: '"lading referrers" shows what is',
    });
  }
  if (found.length === 1) return first.descriptor;
  throw new OciError('USAGE', `${found.length} like that are attached to ${from.describe}`, {
    hint: `choose one by its type, an annotation, its platform, or the newest with --latest: ${found.slice(0, MAX_NAMED).map(nameOf).join(', ')}`,
  });
}

function nameOf({ descriptor }: Attached): string {
  return `${descriptor.digest} (${descriptor.artifactType ?? 'of no type'})`;
}

async function writeConfig(
  { context, call }: Session,
  { source }: From,
  { root }: ArtifactFiles,
  file: string | undefined,
): Promise<void> {
  const config = root.links.find(({ role }) => role === 'config');
  if (file === undefined) return;
  if (config === undefined) throw new OciError('NOT_FOUND', `${root.descriptor.digest} has no config`);
  await saveContent(source.blob(config.descriptor), outputPlace(context, file), call);
}

async function writeOnly(
  { call, output }: Session,
  { source, describe }: From,
  files: readonly ArtifactFile[],
): Promise<void> {
  const [only] = files;
  if (only === undefined) throw nothing(describe, files);
  if (files.length > 1) {
    throw new OciError('USAGE', `stdout takes one file, and ${describe} has ${files.length} like that`, {
      hint: files.some(({ title }) => title !== undefined)
        ? `choose one with --filter: ${titles(files)}`
        : untitled(files),
    });
  }
  for await (const chunk of source.blob(only.descriptor).open(call)) await output.bytes(chunk);
}

function titles(files: readonly ArtifactFile[]): string {
  return files
    .flatMap(({ title }) => title ?? [])
    .slice(0, MAX_NAMED)
    .join(', ');
}

async function writeAll(session: Session, from: From, { root, files }: ArtifactFiles, flags: PullFlags): Promise<void> {
  const { context, call, output, progress } = session;
  const named = files.filter(({ title }) => title !== undefined);
  const skipped = files.filter(({ title }) => title === undefined).map(({ descriptor }) => descriptor);
  if (named.length === 0 && flags.config === undefined) throw nothing(from.describe, files);
  const { keepOldFiles } = flags;
  const { concurrency } = session.flags;
  const pulled = await pullFiles(from.source, named, outputPlace(context, flags.output), {
    ...call,
    keepOldFiles,
    concurrency,
  });
  progress.close();
  const { digest, mediaType } = root.descriptor;
  const told = pulled.map(({ title, file, descriptor }) => ({ title, file, ...plain(descriptor) }));
  if (output.isJson) {
    const { artifactType } = root.document;
    return output.json({
      reference: from.at(digest),
      digest,
      mediaType,
      artifactType,
      files: told,
      skipped: skipped.map(plain),
    });
  }
  for (const { file } of told) await output.line(file);
  for (const one of skipped) output.note(`left out: ${one.digest} (${one.mediaType}), which has no title`);
}

function plain({ digest, size, mediaType }: Descriptor): Pick<Descriptor, 'digest' | 'size' | 'mediaType'> {
  return { digest, size, mediaType };
}

/** @param files those that are wanted: none of them has a title */
function nothing(name: string, files: readonly ArtifactFile[]): OciError {
  if (files.length > 0 && files.every(({ descriptor }) => layerKind(descriptor.mediaType) === undefined)) {
    return new OciError('NOT_FOUND', `no file of ${name} has a title to be written under`, { hint: untitled(files) });
  }
  return new OciError('NOT_FOUND', `${name} has no such file`, {
    hint: 'the files of an artifact have titles; those of an image are what "lading extract" writes',
  });
}

/** Files of attestations and what came from stdin have no titles. */
function untitled(files: readonly ArtifactFile[]): string {
  if (files.length === 1) return '-o - writes it to stdout';
  const digests = files.slice(0, MAX_NAMED).map(({ descriptor }) => descriptor.digest);
  return `"lading blob get" writes one by its digest: ${digests.join(', ')}`;
}
