/**
 * The real images: made by umoci of the machine's own files, never by what is to be proved, and never committed.
 * They are kept between runs below node_modules/.cache, under the hash of this recipe.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { toolPath } from './find-tool.ts';
import { runText } from './run.ts';
import { tarDirectory, tarFilesOf } from './tar-files.ts';
import { temporaryDirectory } from './temporary.ts';
import { umociMakeImage, umociNewLayout } from './umoci.ts';
import { writeIndex } from './write-index.ts';

export interface RealImages {
  /** An OCI layout with the tags of {@link realTags}. */
  readonly layout: string;
}

/** `busybox`: one layer · `files`: a few hundred MB in several layers · `platforms`: an index of three images. */
export const realTags = ['busybox', 'files', 'platforms'] as const;
export type RealTag = (typeof realTags)[number];

const LAYER_BYTES = 90 << 20;
const sources = ['/usr/lib', '/usr/share', '/usr/bin'];
const recipes = ['images.ts', 'tar-files.ts', 'umoci.ts', 'write-index.ts'];
const architectures = ['amd64', 'arm64', 's390x'];

/** The images, built on first use: that takes a minute. */
export async function realImages(): Promise<RealImages> {
  const recipe = createHash('sha256');
  for (const file of recipes) recipe.update(await readFile(new URL(file, import.meta.url)));
  const cache = fileURLToPath(new URL('../../../node_modules/.cache/lading/', import.meta.url));
  const layout = join(cache, `images-${recipe.digest('hex').slice(0, 12)}`);
  if (!existsSync(layout)) await build(layout, cache);
  return { layout };
}

/** Another process may build them at the same time: whoever is first wins. */
async function build(layout: string, cache: string): Promise<void> {
  const work = await temporaryDirectory('images');
  const fresh = join(cache, `unfinished-${process.pid}`);
  try {
    await mkdir(cache, { recursive: true });
    await umociNewLayout(fresh);
    await buildBusybox(fresh, work.path);
    await buildFiles(fresh, work.path);
    await rename(fresh, layout).catch((error: unknown) => {
      if (!existsSync(layout)) throw error;
    });
  } finally {
    await rm(fresh, { recursive: true, force: true });
    await work.remove();
  }
}

async function buildBusybox(layout: string, work: string): Promise<void> {
  const root = join(work, 'root');
  const layer = join(work, 'busybox.tar');
  await mkdir(join(root, 'bin'), { recursive: true });
  await writeFile(join(root, 'bin/busybox'), await readFile(toolPath('busybox')), { mode: 0o755 });
  for (const applet of (await runText('busybox', ['--list'])).split('\n')) {
    if (applet !== '' && applet !== 'busybox') await symlink('busybox', join(root, 'bin', applet));
  }
  await tarDirectory(root, layer);
  const config = ['--config.cmd', '/bin/sh', '--config.env', 'PATH=/bin'];
  await umociMakeImage(`${layout}:busybox`, { architecture: 'amd64', layers: [layer], config });
  for (const architecture of architectures) {
    const own = join(work, `${architecture}.tar`);
    await writeFile(join(root, 'architecture'), `${architecture}\n`);
    await tarDirectory(root, own);
    await umociMakeImage(`${layout}:platforms-${architecture}`, { architecture, layers: [own], config });
  }
  const children = architectures.map((architecture) => ({ tag: `platforms-${architecture}`, architecture }));
  await writeIndex(layout, 'platforms', children);
}

async function buildFiles(layout: string, work: string): Promise<void> {
  const layers: string[] = [];
  for (const source of sources) {
    const archive = join(work, `files-${layers.length}.tar`);
    await tarFilesOf(source, LAYER_BYTES, archive);
    layers.push(archive);
  }
  await umociMakeImage(`${layout}:files`, { architecture: 'amd64', layers });
}

/** Are the programs there that build the images? */
export const imageTools = ['umoci', 'busybox', 'tar'] as const;
