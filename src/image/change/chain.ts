/** One change of images after another: what comes of both, told as one. */
import type { Changed, ChangedImage } from './change.ts';

/** @param second made of what came of the first */
export function chained(first: Changed, second: Changed): Changed {
  const before = new Map(first.images.map((image) => [image.to.digest, image]));
  const after = new Set(second.images.map(({ from }) => from.digest));
  const images: ChangedImage[] = [
    ...first.images.filter(({ to }) => !after.has(to.digest)),
    ...second.images.map((image) => ({ ...image, from: before.get(image.from.digest)?.from ?? image.from })),
  ];
  const { source, root } = second;
  return { source, root, images, dropped: [...first.dropped, ...second.dropped] };
}
