/** What `artifact push` and `attach` have in common: files that become an artifact, where it goes, and what is told of it. */
import { type Command, Option, type OptionValues } from '@commander-js/extra-typings';
import { OciError } from '../../errors.ts';
import { describedAs, packArtifact, type PackedArtifact, TITLE } from '../../image/attached/artifact.ts';
import type { Descriptor } from '../../model/descriptor.ts';
import type { ImageManifest } from '../../model/manifest.ts';
import type { Locator } from '../../node/locator.ts';
import type { Content } from '../../store/types.ts';
import { readAnnotations } from './annotations.ts';
import { fromPlace } from '../places/ends.ts';
import { openFiles, parseFileArgument } from './file-arguments.ts';
import { contentOfFile } from '../places/file-content.ts';
import { openDestination } from '../places/locators.ts';
import { manyPairs } from '../options/named-values.ts';
import { writeOutput } from '../places/output-file.ts';
import type { Session } from '../session.ts';
import { sourceDate } from '../options/source-date.ts';
import { tellTransfer, transfer, type Transferred } from '../transfer/transfer.ts';

export type PackFlags = {
  readonly annotation?: readonly string[] | undefined;
  readonly annotationFile?: string | undefined;
  readonly artifactType?: string | undefined;
  readonly config?: string | undefined;
  readonly created?: string | undefined;
  readonly stripDirs?: true | undefined;
  readonly exportManifest?: string | undefined;
  readonly dryRun?: true | undefined;
};

/** What came of it: the JSON of the commands. */
export interface PublishedArtifact extends Transferred {
  readonly artifactType?: string | undefined;
  /** The digest of what it is attached to. */
  readonly subject?: string | undefined;
  readonly files: readonly {
    readonly title?: string | undefined;
    readonly digest: string;
    readonly size: number;
    readonly mediaType: string;
  }[];
}

/** Everything that makes an artifact but its type. */
export function packOptions<A extends unknown[], O extends OptionValues>(
  command: Command<A, O>,
): Command<A, O & Omit<PackFlags, 'artifactType'>> {
  for (const option of [
    new Option('-a, --annotation <name=value>', 'set an annotation of the artifact; repeat it for more').argParser(
      manyPairs,
    ),
    new Option('--annotation-file <file>', 'JSON: {"$manifest": {…}, "$config": {…}, "FILE": {…}}'),
    new Option('--config <file[:type]>', 'its config; the empty one unless told'),
    new Option(
      '--created <time>',
      'when it was made, e.g. 2024-05-06T07:08:09Z, or now; $SOURCE_DATE_EPOCH, or else nothing, so that the same files are the same digest',
    ),
    new Option('--strip-dirs', 'the title of a file is the last name of its path'),
    new Option('--export-manifest <file>', 'write its manifest to this file, too'),
    new Option('--dry-run', 'only tell what would be sent'),
  ]) {
    command.addOption(option);
  }
  return command;
}

/** Makes the artifact. @throws OciError `USAGE`, `NOT_FOUND`, `UNSUPPORTED`, `IO` */
export async function pack(
  session: Session,
  files: readonly string[],
  flags: PackFlags,
  subject: Descriptor | undefined,
): Promise<PackedArtifact> {
  const { stripDirs, artifactType, created } = flags;
  const annotations = await readAnnotations(session, flags.annotation, flags.annotationFile);
  const contents = await openFiles(session, files.map(parseFileArgument), {
    stripDirs,
    annotations: annotations.files,
  });
  const config = await configOf(session, flags.config);
  return packArtifact(contents, {
    artifactType,
    subject,
    annotations: annotations.manifest,
    created: created === 'now' ? new Date().toISOString() : (created ?? sourceDate(session)),
    config: config && describedAs(config, { annotations: annotations.config }),
  });
}

const UNKNOWN_CONFIG = 'application/vnd.unknown.config.v1+json';

async function configOf(session: Session, text: string | undefined): Promise<Content | undefined> {
  if (text === undefined) return undefined;
  const { file, mediaType = UNKNOWN_CONFIG } = parseFileArgument(text);
  return contentOfFile(session, file, { mediaType });
}

/** Copies the artifact to where it goes, and shows what came of it. */
export async function publishArtifact(
  session: Session,
  packed: PackedArtifact,
  destination: string | Locator,
  files: readonly string[],
  { dryRun, exportManifest }: PackFlags,
): Promise<void> {
  const { source, root, manifest } = packed;
  const describe = files.join(',');
  const from = fromPlace(session, { source, reference: root.digest, describe, at: (digest) => digest });
  const to = await openDestination(session, destination);
  const told = await transfer(session, from, to, { dryRun });
  if (exportManifest !== undefined) await writeOutput(session.context, exportManifest, manifest.bytes);
  const { layers } = manifest.document as ImageManifest;
  const published: PublishedArtifact = {
    ...told,
    artifactType: root.artifactType,
    subject: manifest.subject?.digest,
    files: layers.flatMap(({ digest, size, mediaType, annotations }) =>
      files.length === 0 ? [] : [{ title: annotations?.[TITLE], digest, size, mediaType }],
    ),
  };
  await tellTransfer(session, published, to);
}

/** Refuses two uses of stdin. @throws OciError `USAGE` */
export function checkStdin(session: Session, files: readonly string[], { config, annotationFile }: PackFlags): void {
  const named = [...files, config ?? ''].map((text) => parseFileArgument(text).file);
  const used = [...named, annotationFile].filter((name) => name === '-').length;
  if (used + Number(session.flags.passwordStdin === true) > 1) {
    throw new OciError('USAGE', 'stdin can be one thing only');
  }
}
