/** Layers that umoci adds to an image of a layout. */
import { run } from './run.ts';
import type { LayoutImage } from './umoci.ts';

/** Adds an archive, which umoci compresses. */
export async function umociAddLayer(image: LayoutImage, tar: string): Promise<void> {
  await run('umoci', ['raw', 'add-layer', '--image', image, tar]);
}

/** Adds what has changed in an unpacked image. @param bundle where `umociUnpack` has put that very image */
export async function umociRepack(image: LayoutImage, bundle: string): Promise<void> {
  await run('umoci', ['repack', '--image', image, bundle]);
}
