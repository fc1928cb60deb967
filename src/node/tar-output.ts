/**
 * Where an archive goes: a file is made beside its final name and renamed, so that what stood there before stands until then; a pipe, a
 * device and standard output get it from a temporary file when it is finished.
 */
import { type FileHandle, open, rename, stat, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { OciError } from '../errors.ts';
import { onDisk, unless } from './fs-errors.ts';
import { syncFolder } from './safe-files.ts';
import { openTemporaryFile } from './temporary-file.ts';

/** A file in the making that nobody sees under its name. */
export interface Output {
  readonly handle: FileHandle;
  /** Where it stands, to know its free space. */
  readonly folder: string;
  /** Gets it where it belongs, whole. */
  deliver(): Promise<void>;
  /** Removes it. */
  drop(): Promise<void>;
}

/**
 * @param file a path, or `-`.
 * @param standard what `-` stands for.
 * @throws OciError `IO`, `DISK_FULL`
 */
export async function openOutput(file: string, standard: NodeJS.WritableStream = process.stdout): Promise<Output> {
  const stats = file === '-' ? undefined : await onDisk(`write ${file}`, () => unless(['ENOENT'], stat(file)));
  if (stats?.isDirectory() === true) {
    throw new OciError('IO', `cannot write ${file}: it is a directory`, { hint: `try oci:${file}` });
  }
  if (file === '-') return makeElsewhere(async () => standard);
  if (stats === undefined || stats.isFile()) return makeBeside(file);
  return makeElsewhere(async () => (await open(file, 'w')).createWriteStream());
}

async function makeBeside(file: string): Promise<Output> {
  const temporary = `${file}.${crypto.randomUUID()}.tmp`;
  const handle = await onDisk(`write ${file}`, () => open(temporary, 'wx+', 0o666));
  return {
    handle,
    folder: dirname(file),
    deliver: () =>
      onDisk(`write ${file}`, async () => {
        await handle.sync();
        await handle.close();
        await rename(temporary, file);
        await syncFolder(dirname(file));
      }),
    async drop() {
      await handle.close().catch(() => {});
      await onDisk(`remove ${temporary}`, () => unless(['ENOENT'], unlink(temporary)));
    },
  };
}

/** What cannot be renamed to is made in a temporary file and poured out at the end. */
async function makeElsewhere(outlet: () => Promise<NodeJS.WritableStream>): Promise<Output> {
  const temporary = await openTemporaryFile();
  return {
    handle: temporary.handle,
    folder: tmpdir(),
    async deliver() {
      const output = await onDisk('open the output', outlet);
      const bytes = temporary.handle.createReadStream({ autoClose: false, start: 0 });
      await onDisk('write the output', () => pipeline(bytes, output, { end: output !== process.stdout }));
      await temporary.close();
    },
    drop: () => temporary.close(),
  };
}
