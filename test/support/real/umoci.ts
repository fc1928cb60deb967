/** umoci: makes the images of the tests, and judges layouts by unpacking them. */
import { run, runText } from './run.ts';

/** An image of a layout: `DIR:TAG`. */
export type LayoutImage = `${string}:${string}`;

const mapping = process.getuid?.() === 0 ? [] : ['--rootless'];

export async function umociNewLayout(directory: string): Promise<void> {
  await run('umoci', ['init', '--layout', directory]);
}

export interface NewImage {
  readonly architecture: string;
  readonly layers: readonly string[];
  readonly config?: readonly string[];
}

/** Makes an image of tar archives, one a layer; umoci compresses them. */
export async function umociMakeImage(
  image: LayoutImage,
  { architecture, layers, config = [] }: NewImage,
): Promise<void> {
  await run('umoci', ['new', '--image', image]);
  for (const tar of layers) await run('umoci', ['raw', 'add-layer', '--image', image, tar]);
  const settings = ['--os', 'linux', '--architecture', architecture, ...config];
  await run('umoci', ['config', '--image', image, ...settings]);
}

/** Unpacks an image of OCI media types; its files are then below `<bundle>/rootfs`. It checks every digest and diff id. */
export async function umociUnpack(image: LayoutImage, bundle: string): Promise<void> {
  await run('umoci', ['unpack', ...mapping, '--image', image, bundle]);
}

/** The tags of a layout. */
export async function umociTags(directory: string): Promise<string[]> {
  return (await runText('umoci', ['list', '--layout', directory])).split('\n').filter((tag) => tag !== '');
}
