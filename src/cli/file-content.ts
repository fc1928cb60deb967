/** A file as content: hashed once to learn its digest, re-opened whenever it is sent. Stdin, which opens only once, is spooled. */
import path from 'node:path';
import { OCTET_STREAM } from '../model/media-types.ts';
import { openContent } from '../node/open-input.ts';
import type { Content } from '../store/types.ts';
import type { Session } from './session.ts';

/** The content of a file, or of stdin for `-`; it closes with the session. @throws OciError `IO`, `DISK_FULL` */
export async function contentOfFile({ context, call, defer }: Session, file: string): Promise<Content> {
  const place = file === '-' || context.cwd === process.cwd() ? file : path.resolve(context.cwd, file);
  const opened = await openContent(place, OCTET_STREAM, { signal: call.signal, input: context.stdin });
  defer(() => opened.close());
  return opened.content;
}
