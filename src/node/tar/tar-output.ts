/**
 * Where an archive goes: a file is made beside its final name; a pipe, a device and standard output get it from a temporary file
 * when it is finished.
 */
import { open, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { pipeline } from 'node:stream/promises';
import { OciError } from '../../errors.ts';
import { type NewFile, openBeside } from '../files/beside.ts';
import { onDisk, unless } from '../files/fs-errors.ts';
import { openTemporaryFile } from '../files/temporary-file.ts';

/**
 * @param file a path, or `-`.
 * @param standard what `-` stands for.
 * @throws OciError `IO`, `DISK_FULL`
 */
export async function openOutput(file: string, standard: NodeJS.WritableStream = process.stdout): Promise<NewFile> {
  const stats = file === '-' ? undefined : await onDisk(`write ${file}`, () => unless(['ENOENT'], stat(file)));
  if (stats?.isDirectory() === true) {
    throw new OciError('IO', `cannot write ${file}: it is a directory`, { hint: `try oci:${file}` });
  }
  if (file === '-') return makeElsewhere(async () => standard);
  if (stats === undefined || stats.isFile()) return openBeside(file);
  return makeElsewhere(async () => (await open(file, 'w')).createWriteStream());
}

/** What cannot be renamed to is made in a temporary file and poured out at the end. */
async function makeElsewhere(outlet: () => Promise<NodeJS.WritableStream>): Promise<NewFile> {
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

/** An archive in the making, finished or given up. */
export interface Unfinished {
  /** Finishes it, and gives it its name. */
  readonly commit: () => Promise<void>;
  /** Removes it; after a commit it does nothing. */
  readonly abort: () => Promise<void>;
}

/** @param finish writes what is missing at the end. */
export function unfinished(output: NewFile, finish: () => Promise<void>): Unfinished {
  let isOpen = true;
  const once = async (run: () => Promise<void>): Promise<void> => {
    if (!isOpen) return;
    isOpen = false;
    await run();
  };
  return {
    commit: () =>
      once(async () => {
        try {
          await finish();
          await output.deliver();
        } catch (error) {
          await output.drop();
          throw error;
        }
      }),
    abort: () => once(() => output.drop()),
  };
}
