/**
 * The files of an artifact written to a directory. Their titles are other people's words: nothing is written outside the directory, and
 * no link is followed on the way, whoever put it there. A file appears when all of it has come and is right.
 */
import { randomUUID } from 'node:crypto';
import { link, lstat, mkdir, open, realpath, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { OciError } from '../../errors.ts';
import { UNPACK } from '../../image/attached/artifact.ts';
import type { ArtifactFile } from '../../image/attached/artifact-files.ts';
import { titlePath } from '../../image/attached/artifact-title.ts';
import { joinPath, splitPath } from '../../image/files/layer-entries.ts';
import { collect, mapLimited } from '../../graph/collect.ts';
import { counted } from '../../graph/progress.ts';
import type { Call } from '../../model/call.ts';
import type { Descriptor } from '../../model/descriptor.ts';
import { quote } from '../../model/quote.ts';
import type { Spool } from '../../store/spool.ts';
import type { Source } from '../../store/types.ts';
import { isRefusedByWindows } from '../extract/extraction-plan.ts';
import { appendStream } from '../files/file-io.ts';
import { type Folder, type Folders, openFolders, type Path } from '../directory/folders.ts';
import { requireSpace } from '../directory/free-space.ts';
import { codeOf, onDisk, unless } from '../files/fs-errors.ts';
import { unpackDirectory } from './artifact-directory.ts';

export interface PullFilesOptions extends Call {
  /** Files that stand already are left, and that is an error; without it they are replaced. */
  readonly keepOldFiles?: boolean | undefined;
  /** Files at a time; 4 unless told. */
  readonly concurrency?: number | undefined;
  /** Where archives of directories are kept while they are looked into; temporary files unless told. */
  readonly spool?: Spool | undefined;
}

/** A file that was written. */
export interface PulledFile {
  readonly descriptor: Descriptor;
  readonly title: string;
  /** Where it stands. */
  readonly file: string;
}

/** One file on its way. */
interface Placed {
  readonly descriptor: Descriptor;
  readonly title: string;
  /** Below the directory, empty for itself. */
  readonly place: string;
}

/**
 * Writes files to a directory, each by its title; those without one are passed over. What oras has packed as a directory is unpacked.
 * All titles are judged before anything is fetched.
 * @param directory is made if it is not there.
 * @throws OciError `LAYOUT_INVALID` for titles that are no paths below the directory, `CONFLICT` for two files of one title, for what
 * stands already, and for a link on the way; `DIGEST_MISMATCH`, `SIZE_MISMATCH`, `DISK_FULL`, `IO`, and whatever the source throws
 * @example
 * const { files } = await artifactFiles(repository, 'docs');
 * await pullFiles(repository, files, './docs');
 */
export async function pullFiles(
  source: Source,
  files: readonly ArtifactFile[],
  directory: string,
  options: PullFilesOptions = {},
): Promise<readonly PulledFile[]> {
  const { concurrency = 4, keepOldFiles = false } = options;
  const placed = placedOf(files);
  await requireSpace(
    directory,
    placed.reduce((sum, { descriptor }) => sum + descriptor.size, 0),
    'the files',
  );
  await onDisk(`make ${directory}`, () => mkdir(directory, { recursive: true }));
  const folders = await openFolders(await onDisk(`open ${directory}`, () => realpath(directory)));
  try {
    if (keepOldFiles) for (const one of placed) await refuseOld(folders, one, directory);
    const write = (one: Placed): Promise<PulledFile> => writeOne({ source, folders, directory, options }, one);
    return await collect(mapLimited(placed, concurrency, write));
  } finally {
    await folders.close();
  }
}

function placedOf(files: readonly ArtifactFile[]): readonly Placed[] {
  const known = new Map<string, Placed>();
  for (const { descriptor, title } of files) {
    if (title === undefined) continue;
    const place = titlePath(title);
    if (place === '' && !isDirectory(descriptor)) throw unfit(title, 'it names the directory itself');
    const bad = process.platform === 'win32' ? place.split('/').find(isRefusedByWindows) : undefined;
    if (bad !== undefined) throw unfit(title, `Windows takes ${quote(bad)} for something else`);
    const before = known.get(place);
    if (before !== undefined && before.descriptor.digest !== descriptor.digest) {
      throw new OciError('CONFLICT', `two different files have the title ${quote(title)}`, {
        hint: 'choose one artifact of them, by its platform or digest',
      });
    }
    known.set(place, { descriptor, title, place });
  }
  for (const one of known.values()) requireFoldersAbove(one, known);
  return [...known.values()];
}

/** No file stands where another needs a folder. */
function requireFoldersAbove({ title, place }: Placed, known: ReadonlyMap<string, Placed>): void {
  for (let { folder } = splitPath(place); folder !== ''; { folder } = splitPath(folder)) {
    const above = known.get(folder);
    if (above === undefined || isDirectory(above.descriptor)) continue;
    throw new OciError(
      'CONFLICT',
      `a file has the title ${quote(above.title)}, and another is in it: ${quote(title)}`,
      {
        hint: 'pull them one by one, to directories of their own (--filter)',
      },
    );
  }
}

function unfit(title: string, problem: string): OciError {
  return new OciError('LAYOUT_INVALID', `a file has the title ${quote(title)}: ${problem}`);
}

/** Is it the archive of a directory? */
export function isDirectory({ annotations }: Descriptor): boolean {
  return annotations?.[UNPACK] === 'true';
}

interface Pull {
  readonly source: Source;
  readonly folders: Folders;
  readonly directory: string;
  readonly options: PullFilesOptions;
}

async function writeOne(pull: Pull, placed: Placed): Promise<PulledFile> {
  const { source, folders, directory, options } = pull;
  const { descriptor, title, place } = placed;
  const { signal, on, keepOldFiles = false } = options;
  const file = join(directory, place);
  on?.({ type: 'start', descriptor });
  const content = counted(source.blob(descriptor), on);
  if (isDirectory(descriptor)) {
    await makeFolders(folders, place, directory);
    await unpackDirectory(content, place, file, { signal, on, keepOldFiles, spool: options.spool });
  } else {
    const { folder, name } = splitPath(place);
    await makeFolders(folders, folder, directory);
    await folders.within(folder, async (parent) => {
      await writeFile(parent, name, content.open({ signal, on }), { file, keepOldFiles, signal });
    });
  }
  on?.({ type: 'done', descriptor, outcome: 'written' });
  return { descriptor, title, file };
}

/** Makes a folder with those above it, one in the other: a link among them is refused when it is entered. */
async function makeFolders(folders: Folders, path: string, directory: string): Promise<void> {
  let above = '';
  for (const name of path === '' ? [] : path.split('/')) {
    const place = joinPath(above, name);
    await folders.within(above, (parent) =>
      onDisk(`make ${join(directory, place)}`, () => unless(['EEXIST'], mkdir(parent.at(name)))),
    );
    above = place;
  }
  await folders.within(path, async () => {});
}

interface Writing {
  /** Names it in errors. */
  readonly file: string;
  readonly keepOldFiles: boolean;
  readonly signal: AbortSignal | undefined;
}

async function writeFile(parent: Folder, name: string, bytes: AsyncIterable<Uint8Array>, to: Writing): Promise<void> {
  const { file, keepOldFiles, signal } = to;
  const partial = parent.at(`.${randomUUID().slice(0, 8)}.partial`);
  const handle = await onDisk(`write ${file}`, () => open(partial, 'wx', 0o666));
  try {
    const { failure } = await appendStream(handle, 0, bytes, file, signal);
    if (failure !== undefined) throw failure.error;
    await onDisk(`write ${file}`, () => handle.sync());
    await handle.close();
    await onDisk(`write ${file}`, () => deliver(partial, parent.at(name), keepOldFiles)).catch((error: unknown) => {
      throw error instanceof OciError && codeOf(error.cause) === 'EEXIST' ? stands(file) : error;
    });
  } catch (error) {
    await handle.close().catch(() => {});
    await unlink(partial).catch(() => {});
    throw error;
  }
}

/** A link takes the place of nothing, where the file system has links. */
async function deliver(partial: Path, place: Path, keepOldFiles: boolean): Promise<void> {
  if (!keepOldFiles) return rename(partial, place);
  const linked = await unless(
    ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK'],
    link(partial, place).then(() => true),
  );
  await (linked === true ? unlink(partial) : rename(partial, place));
}

/** Before anything is fetched: one that stands is known to be in the way. */
async function refuseOld(folders: Folders, { place, descriptor }: Placed, directory: string): Promise<void> {
  if (isDirectory(descriptor)) return;
  const { folder, name } = splitPath(place);
  const found = await folders
    .within(folder, (parent) => unless(['ENOENT'], lstat(parent.at(name))))
    .catch(() => undefined);
  if (found !== undefined) throw stands(join(directory, place));
}

function stands(file: string): OciError {
  return new OciError('CONFLICT', `${file} stands already`, {
    hint: 'old files are kept: move it away, or let it be replaced',
  });
}
