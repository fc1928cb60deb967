/** The images that the v1 servers of the tests hold: three, each the parent of the next. */
import { digestOf } from '../../src/bytes/hash.ts';

export interface V1TestImage {
  readonly id: string;
  /** The exact text of its description. */
  readonly json: string;
  readonly layer: Uint8Array;
  /** As docker sent it and docker-registry computed it: https://github.com/moby/moby/pull/4297 */
  readonly checksumPayload: string;
}

const encoder = new TextEncoder();

function image(letter: string, parent: string | undefined, size: number): V1TestImage {
  const id = letter.repeat(64);
  const description = { id, ...(parent === undefined ? {} : { parent }), created: '2014-05-06T07:08:09Z', os: 'linux' };
  const json = `${JSON.stringify(description)} `; // docker's own has blanks that no parser would write again
  const layer = encoder.encode(letter.repeat(size));
  const checksumPayload = digestOf(Buffer.concat([encoder.encode(`${json}\n`), layer]));
  return { id, json, layer, checksumPayload };
}

export const BASE: V1TestImage = image('a', undefined, 100);
export const MIDDLE: V1TestImage = image('b', BASE.id, 70_000);
export const TOP: V1TestImage = image('c', MIDDLE.id, 300_000);

/** From the top down. */
export const CHAIN: readonly V1TestImage[] = [TOP, MIDDLE, BASE];

/** By name, as documents write it. */
export const TAGS: Readonly<Record<string, string>> = { latest: TOP.id, '0.1.1': MIDDLE.id };

/** An image and its parents. */
export function ancestryOf(id: string): readonly string[] {
  const ids = CHAIN.map((one) => one.id);
  return ids.slice(ids.indexOf(id));
}
