/** What is known of something that hangs on an image. */
import type { Annotations, Descriptor } from '../../model/descriptor.ts';
import type { Digest } from '../../model/digest.ts';
import type { Manifest } from '../../model/manifest.ts';
import type { Platform } from '../../model/platform.ts';
import { CREATED } from './artifact.ts';

/** By what it is known that something hangs on a manifest. `fallback-tag`: the list under `sha256-<hex>` has it. */
export type AttachedScheme = 'referrers' | 'fallback-tag' | 'cosign' | 'buildkit';

/** Something that hangs on an image, or on something that does. */
export interface Attached {
  /** Of its manifest, with its artifact type and annotations, as far as they are told. */
  readonly descriptor: Descriptor;
  readonly scheme: AttachedScheme;
  /** What it hangs on. */
  readonly subject: Digest;
  /** How many steps it is from an image: 1 for what hangs on one itself. */
  readonly depth: number;
  /** The platform of the image, where it is one of an index. */
  readonly platform?: Platform | undefined;
  /** cosign's tag. */
  readonly tag?: string | undefined;
  /** What is attested, where that is told without reading it: `https://spdx.dev/Document`. */
  readonly predicateTypes?: readonly string[] | undefined;
  /** Where it was read. */
  readonly manifest?: Manifest | undefined;
}

/** When it was made, as it tells itself, in RFC 3339; undefined: it does not. */
export function createdOf(one: Attached): string | undefined {
  const time = annotationsOf(one)[CREATED];
  return time === undefined || Number.isNaN(Date.parse(time)) ? undefined : time;
}

/** Those of its manifest, as far as they are known. */
export function annotationsOf({ descriptor, manifest }: Attached): Annotations {
  return { ...manifest?.document.annotations, ...descriptor.annotations };
}
