/** A file as content: hashed once to learn its digest, re-opened whenever it is sent. Stdin, which opens only once, is kept in a file first. */
import { createReadStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createHasher } from '../bytes/hash.ts';
import { ioError } from '../node/io-error.ts';
import { OCTET_STREAM } from '../model/media-types.ts';
import { contentOf } from '../store/content.ts';
import type { Content } from '../store/types.ts';
import { writeOutput } from './output-file.ts';
import type { Session } from './session.ts';

const READ_BYTES = 1024 * 1024;

/** The content of a file, or of stdin for `-`. @throws OciError `IO` */
export async function contentOfFile(session: Session, file: string): Promise<Content> {
  const place = file === '-' ? await keepStdin(session) : path.resolve(session.context.cwd, file);
  try {
    const hasher = createHasher('sha256');
    for await (const chunk of read(place, 0)) hasher.update(chunk);
    const { size } = await stat(place);
    return contentOf({ mediaType: OCTET_STREAM, digest: hasher.digest(), size }, (start, end) =>
      read(place, start, end),
    );
  } catch (error) {
    throw ioError(error, `read ${file}`);
  }
}

async function* read(place: string, start: number, end?: number): AsyncGenerator<Uint8Array> {
  if (end !== undefined && end <= start) return;
  yield* createReadStream(place, { start, highWaterMark: READ_BYTES, ...(end === undefined ? {} : { end: end - 1 }) });
}

async function keepStdin({ context, defer }: Session): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'lading-'));
  defer(() => rm(folder, { recursive: true, force: true }));
  const file = path.join(folder, 'stdin');
  await writeOutput(context, file, context.stdin);
  return file;
}
