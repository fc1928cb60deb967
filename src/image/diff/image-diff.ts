/**
 * What differs between two images, wherever each of them is. It fetches no more than the answer takes: nothing of what has one digest,
 * no layer unless files or packages are asked for, and then those that differ.
 */
import type { Call } from '../../model/call.ts';
import type { Descriptor } from '../../model/descriptor.ts';
import { isIndex } from '../../model/manifest.ts';
import { compareImages, type ImageComparison, isDifferent } from './comparison.ts';
import { type DiffOptions, isAsked } from './diff-options.ts';
import { diffManifests } from './documents.ts';
import type { FieldChange } from './fields.ts';
import { type DiffEnd, openEnd, pairsOfImages, resolveEnd } from './image-pairs.ts';

/** What differs between what two names stand for. */
export interface ImageDiff {
  /** Of the first name. */
  readonly before: Descriptor;
  /** Of the second name. */
  readonly after: Descriptor;
  /** Does anything differ in the sections that were asked for? With `manifest` among them: have they two digests? */
  readonly isDifferent: boolean;
  /** Media types, subject and annotations of two indexes, where all of their images are compared. */
  readonly index?: readonly FieldChange[] | undefined;
  /** One for each platform; none where both names have one digest. */
  readonly images: readonly ImageComparison[];
}

/**
 * Compares two images, or two indexes platform by platform.
 * @throws OciError `NOT_FOUND`, and with files or packages what reading layers throws
 * @example
 * const repository = client.repository('ghcr.io/o/app');
 * const [before, after] = [{ source: repository, reference: '1.0' }, { source: repository, reference: '1.1' }];
 * const { images } = await diffImages(before, after, { sections: ['packages'] });
 * for (const { packages = [] } of images) for (const one of packages) console.log(one.name, one.before, one.after);
 */
export async function diffImages(before: DiffEnd, after: DiffEnd, options: DiffOptions = {}): Promise<ImageDiff> {
  const call: Call = { signal: options.signal, on: options.on };
  const { platform } = options;
  const ends = { before: await resolveEnd(before, call), after: await resolveEnd(after, call) };
  if (ends.before.digest === ends.after.digest) return { ...ends, isDifferent: false, images: [] };
  const from = await openEnd(before.source, ends.before, platform, call);
  const to = await openEnd(after.source, ends.after, platform, call);
  const images: ImageComparison[] = [];
  for (const pair of await pairsOfImages(from, to, platform, call)) {
    images.push(await compareImages(pair, from, to, options));
  }
  const isWhole = platform === undefined && isAsked(options, 'manifest');
  const areIndexes = isIndex(from.root) && isIndex(to.root);
  return {
    ...ends,
    isDifferent: isWhole || images.some((image) => isDifferent(image, options)),
    ...(isWhole && areIndexes ? { index: diffManifests(from.root, to.root, options) } : {}),
    images,
  };
}
