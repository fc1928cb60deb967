/** What reproducible commands work on: the same files each time, but made in another order, at another time, by somebody else. */
import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, mkdtempSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { concat, fromArray } from '../../../src/bytes/read.ts';
import { collect } from '../../../src/graph/collect.ts';
import { type TarFile, writeTar } from '../../../src/bytes/tar.ts';
import { directoryStore } from '../../../src/node/directory/directory.ts';
import { buildImage, type ImageSpec, putIndex, seededBytes } from '../../../src/testing/fixtures.ts';

/** Where, how and by whom a command is run. */
export interface Setting {
  readonly env?: Readonly<Record<string, string>>;
  /** Of the command, and of who made its inputs. */
  readonly umask?: string;
  /** Of the command, and of who owns its inputs; root's unless told. */
  readonly uid?: number;
  /** The file system that all of it is on; that of temporary files unless told. */
  readonly place?: string;
  /** Folders are filled from behind, and what is the same in two files is one file with two names. */
  readonly isReversed?: boolean;
  /** Of files, in seconds. */
  readonly mtime?: number;
  /** The program that runs the command. */
  readonly node?: string;
}

/** Names that one language or another sorts, or folds, in another way; the last one is too long for a plain header. */
const NAMES: readonly string[] = [
  ...'Zebra apple ärger Ägypten I ı i İ a\uff21 a😀 a-b a_b a B list/10 list/2 list/1 bin/run deep/er/est'.split(' '),
  `long/${'n'.repeat(120)}`,
];
const TWINS: readonly [string, string] = ['twins/one', 'twins/other'];

const base: ImageSpec = {
  layers: [
    { files: { 'etc/': '', 'etc/name': 'name', grüße: { content: 'ü', mtime: 1_650_000_000.5 } } },
    { files: { big: { content: seededBytes(200_000, 'big'), mtime: 1_800_000_000 }, 'etc/.wh.name': '' } },
  ],
  config: { created: '2024-05-06T07:08:09Z', config: { Labels: { b: '1', a: '2' } } },
};

/** Makes a folder with the layout `base`, the archives `layer.tar`, `layer.tgz` and `dated.tar`, and the directory `site`. */
export async function makeInputs(setting: Setting): Promise<string> {
  const folder = mkdtempSync(join(setting.place ?? tmpdir(), 'lading-reproduced-'));
  const before = process.umask(Number.parseInt(setting.umask ?? '022', 8));
  try {
    const manifests = [await buildImage(base), await buildImage({ ...base, platform: arm })];
    await putIndex(directoryStore(join(folder, 'base')), { manifests, tags: ['1'] });
    const archive = await archived(1_600_000_000);
    writeFileSync(join(folder, 'layer.tar'), archive);
    // A header of its own: what is compressed already is taken as it is.
    writeFileSync(join(folder, 'layer.tgz'), gzipSync(archive, { level: 1 }));
    writeFileSync(join(folder, 'dated.tar'), await archived(setting.mtime ?? 1_750_000_000));
    fill(join(folder, 'site'), setting);
  } finally {
    process.umask(before);
  }
  if (setting.uid !== undefined) execFileSync('chown', ['-R', `${setting.uid}:${setting.uid}`, folder]);
  return folder;
}

const arm = { os: 'linux', architecture: 'arm64', variant: 'v8' };

/** More than is spooled in memory, and more than one read. */
const LINES = Array.from({ length: 150_000 }, (_, at) => `line ${at}`).join('\n');

async function archived(mtime: number): Promise<Uint8Array> {
  const files = [...NAMES, 'lines'].map((name): TarFile => {
    const bytes = new TextEncoder().encode(name === 'lines' ? LINES : name);
    return { name, type: 'file', size: bytes.length, mtime, uid: 7, body: fromArray(bytes) };
  });
  return concat(await collect(writeTar(files)));
}

function fill(folder: string, { isReversed = false, mtime = 1_750_000_000 }: Setting): void {
  const names = isReversed ? [...NAMES].reverse() : NAMES;
  for (const name of names) write(folder, name, mtime, name.startsWith('bin/') ? 0o777 : 0o666);
  const [one, other] = TWINS;
  write(folder, one, mtime);
  if (isReversed) linkSync(join(folder, one), join(folder, other));
  else write(folder, other, mtime);
  mkdirSync(join(folder, 'empty'));
  symlinkSync('list/1', join(folder, 'link'));
}

function write(folder: string, name: string, mtime: number, mode = 0o666): void {
  const file = join(folder, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, name.startsWith('twins/') ? 'twin' : name, { mode });
  utimesSync(file, mtime, mtime);
}
