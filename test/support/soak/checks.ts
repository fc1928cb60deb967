/** Looks behind all faults at what a tag stands for, byte by byte. */
import { readAll } from '../../../src/bytes/read.ts';
import { isOciError } from '../../../src/errors.ts';
import type { Store } from '../../../src/store/types.ts';
import type { SoakImages } from './images.ts';

/** Something is there that must not be, or is not there that must be: the worst that a soak can find. */
export class Wrong extends Error {}

/**
 * Does it stand for one of these, and is all of that there?
 * @throws Wrong
 */
export async function ofTag(
  store: Store,
  tag: string,
  chances: ReadonlySet<string | undefined>,
  pool: SoakImages,
): Promise<void> {
  const found = await store.resolve(tag);
  if (!chances.has(found?.digest))
    throw new Wrong(`${tag} stands for ${found?.digest}, not ${[...chances].join(' or ')}`);
  if (found !== undefined) await whole(store, tag, pool);
}

async function whole(store: Store, reference: string, pool: SoakImages): Promise<void> {
  try {
    const { bytes, descriptor, links } = await store.manifest(reference);
    same(bytes, descriptor.digest, pool);
    for (const { role, descriptor: part } of links) {
      if (role === 'manifest') await whole(store, part.digest, pool);
      else same(await readAll(store.blob(part).open(), 1_000_000, 'a blob'), part.digest, pool);
    }
  } catch (error) {
    if (isOciError(error)) throw new Wrong(`${reference}: ${error.message}`);
    throw error;
  }
}

function same(bytes: Uint8Array, digest: string, { bytes: known }: SoakImages): void {
  if (!Buffer.from(bytes).equals(known.get(digest) ?? Buffer.alloc(0))) throw new Wrong(`${digest} has other bytes`);
}
