/** A file as content: hashed once to learn its digest, re-opened whenever it is sent. Stdin, which opens only once, is spooled. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { createHasher } from '../bytes/hash.ts';
import { fsError } from '../node/fs-errors.ts';
import { spoolToDisk } from '../node/spool.ts';
import { OCTET_STREAM } from '../model/media-types.ts';
import { contentOf } from '../store/content.ts';
import type { Content } from '../store/types.ts';
import type { Session } from './session.ts';

const READ_BYTES = 1024 * 1024;

/** The content of a file, or of stdin for `-`. @throws OciError `IO` */
export async function contentOfFile(session: Session, file: string): Promise<Content> {
  const { context, call, defer } = session;
  if (file === '-') {
    const spooled = await spoolToDisk()(context.stdin, { signal: call.signal });
    defer(() => spooled.close());
    return spooled.content;
  }
  const place = path.resolve(context.cwd, file);
  try {
    const hasher = createHasher('sha256');
    for await (const chunk of read(place, 0)) hasher.update(chunk);
    const { size } = await stat(place);
    return contentOf({ mediaType: OCTET_STREAM, digest: hasher.digest(), size }, (start, end) =>
      read(place, start, end),
    );
  } catch (error) {
    throw fsError(error, `read ${file}`);
  }
}

async function* read(place: string, start: number, end?: number): AsyncGenerator<Uint8Array> {
  if (end !== undefined && end <= start) return;
  yield* createReadStream(place, { start, highWaterMark: READ_BYTES, ...(end === undefined ? {} : { end: end - 1 }) });
}
