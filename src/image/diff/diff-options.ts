/** What is compared of two images, and how closely. */
import type { Call } from '../../model/call.ts';
import type { Platform } from '../../model/platform.ts';
import type { StackOptions } from '../files/layer-stack.ts';

/** The parts of a comparison. */
export const DIFF_SECTIONS = ['manifest', 'config', 'history', 'layers', 'files', 'packages'] as const;
export type DiffSection = (typeof DIFF_SECTIONS)[number];

export interface DiffOptions extends Call, StackOptions {
  /** What is compared; all of it unless told. */
  readonly sections?: readonly DiffSection[] | undefined;
  /** Of an index, the image for this platform; all of them unless told. */
  readonly platform?: Platform | undefined;
  /** Times of creation and of change are not compared. */
  readonly ignoreTimes?: boolean | undefined;
  /**
   * Reads the layers that both images begin with, too, as far as they tell more: whether a file is new or was changed, what a hidden
   * directory held. Without it such changes are `unsure`.
   */
  readonly exact?: boolean | undefined;
}

/** Is one of these sections asked for? */
export function isAsked({ sections = DIFF_SECTIONS }: DiffOptions, ...names: readonly DiffSection[]): boolean {
  return names.some((name) => sections.includes(name));
}
