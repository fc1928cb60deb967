/** Files of an artifact as the user names them: `FILE`, or `FILE:TYPE` with the media type that it shall have. */
import path from 'node:path';
import { OciError } from '../../errors.ts';
import { isMediaType, TITLE } from '../../image/attached/artifact.ts';
import type { Annotations } from '../../model/descriptor.ts';
import { openArtifactFile, titleOfPath } from '../../node/artifact/artifact-files.ts';
import type { Content } from '../../store/types.ts';
import type { Session } from '../session.ts';

export interface FileArgument {
  /** As the user wrote it. */
  readonly file: string;
  readonly mediaType?: string | undefined;
}

/** What follows the last colon is a type only when it looks like one; a colon at the end keeps a name from being taken for one. */
export function parseFileArgument(text: string): FileArgument {
  const colon = text.lastIndexOf(':');
  const [file, type] = [text.slice(0, colon), text.slice(colon + 1)];
  if (colon <= 0) return { file: text };
  if (type === '') return { file };
  return isMediaType(type) ? { file, mediaType: type } : { file: text };
}

export interface OpenFilesOptions {
  /** The title is the last name of the path. */
  readonly stripDirs?: boolean | undefined;
  /** By the names of files, as the user wrote them. */
  readonly annotations?: Readonly<Record<string, Annotations>> | undefined;
}

/** The content of files and directories; it closes with the session. @throws OciError `USAGE`, `NOT_FOUND`, `UNSUPPORTED`, `IO` */
export async function openFiles(
  session: Session,
  files: readonly FileArgument[],
  { stripDirs = false, annotations = {} }: OpenFilesOptions = {},
): Promise<readonly Content[]> {
  if (files.filter(({ file }) => file === '-').length > 1) throw new OciError('USAGE', 'stdin can be one file only');
  const unknown = Object.keys(annotations).find((name) => !files.some(({ file }) => file === name));
  if (unknown !== undefined) throw new OciError('USAGE', `there are annotations for ${unknown}, which is not pushed`);
  const contents: Content[] = [];
  for (const { file, mediaType } of files) {
    const own = Object.hasOwn(annotations, file) ? annotations[file] : undefined;
    contents.push(await openFile(session, { file, mediaType }, titleOf(session, file, stripDirs, own), own));
  }
  return contents;
}

async function openFile(
  { context, call, defer }: Session,
  { file, mediaType }: FileArgument,
  title: string | undefined,
  annotations: Annotations | undefined,
): Promise<Content> {
  const isNear = file === '-' || context.cwd === process.cwd();
  const place = isNear ? file : path.resolve(context.cwd, file);
  const input = file === '-' ? { input: context.stdin } : {};
  const opened = await openArtifactFile(place, { ...call, ...input, mediaType, title, annotations });
  defer(() => opened.close());
  return opened.content;
}

/** A title that is given needs no path that could be one. */
function titleOf(
  { context }: Session,
  file: string,
  stripDirs: boolean,
  annotations: Annotations | undefined,
): string | undefined {
  const told = annotations?.[TITLE];
  if (told !== undefined || file === '-') return told;
  return stripDirs ? path.basename(path.resolve(context.cwd, file)) : titleOfPath(file);
}
