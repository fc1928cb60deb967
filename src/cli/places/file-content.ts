/** Content that the user named as a file: where it is, and that it is closed with the session. */
import path from 'node:path';
import { openContent, type FileContentOptions } from '../../node/files/file-content.ts';
import type { Content } from '../../store/types.ts';
import type { Session } from '../session.ts';

/** The content of a file, or of stdin for `-`. @throws OciError `NOT_FOUND`, `USAGE`, `IO` */
export async function contentOfFile(
  { context, call, defer }: Session,
  file: string,
  options: Pick<FileContentOptions, 'mediaType' | 'algorithm'> = {},
): Promise<Content> {
  const isNear = file === '-' || context.cwd === process.cwd();
  const opened = await openContent(isNear ? file : path.resolve(context.cwd, file), {
    ...options,
    signal: call.signal,
    ...(file === '-' ? { input: context.stdin } : {}),
  });
  defer(() => opened.close());
  return opened.content;
}
