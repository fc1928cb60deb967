/** The operations of a soak. Each throws `Wrong` for what must not be, and whatever the library throws. */
import { isOciError } from '../../../src/errors.ts';
import { readAll } from '../../../src/bytes/read.ts';
import { collect } from '../../../src/graph/collect.ts';
import { copy } from '../../../src/graph/copy.ts';
import { isIndex } from '../../../src/model/manifest.ts';
import type { Store } from '../../../src/store/types.ts';
import { putBuilt } from '../../../src/testing/fixtures.ts';
import { Wrong } from './checks.ts';
import type { SoakImage, SoakImages } from './images.ts';
import type { Ledger } from './ledger.ts';
import type { SoakPlace } from './world.ts';

/** What an operation is about. */
export interface Scene {
  readonly place: SoakPlace;
  readonly store: Store;
  readonly tag: string;
  readonly image: SoakImage;
  readonly pool: SoakImages;
  readonly ledger: Ledger;
  /** Another tag of the same worker, at any place. */
  readonly other: { readonly place: SoakPlace; readonly store: Store; readonly tag: string };
  /** 0 or 1. */
  readonly coin: number;
  /** Begins another session. */
  readonly login: () => Promise<void>;
}

export const operations: Readonly<Record<string, (scene: Scene) => Promise<void>>> = {
  push,
  copy: copyTag,
  tag: tagAgain,
  untag: ({ ledger, place, store, tag }) => ledger.changing(place, [tag], undefined, () => store.delete({ tag })),
  delete: deleteManifest,
  list,
  cat,
  async attach(scene) {
    await push(scene);
    await putBuilt(scene.store, scene.image.artifacts[scene.coin] ?? scene.image.built);
  },
  async referrers({ store, image }) {
    const mine = new Set<string>(image.artifacts.map(({ descriptor }) => descriptor.digest));
    const found = await collect(store.referrers(image.built.manifest.descriptor));
    for (const { digest } of found) if (!mine.has(digest)) throw new Wrong(`${digest} is listed as a referrer`);
  },
  login: ({ login }) => login(),
};

function push({ ledger, pool, place, store, tag, image }: Scene): Promise<void> {
  const { digest } = image.built.descriptor;
  return ledger.changing(place, [tag], digest, () => copy(pool.origin, digest, store, { tags: [tag] }));
}

/** What a tag stands for, where that is sure. */
function sure(ledger: Ledger, place: SoakPlace, tag: string): string | undefined {
  const [digest, ...more] = ledger.known(place, tag);
  return more.length === 0 ? digest : undefined;
}

async function copyTag({ ledger, place, store, tag, other }: Scene): Promise<void> {
  const digest = sure(ledger, other.place, other.tag);
  if (digest === undefined || (other.place === place && other.tag === tag)) return;
  await ledger.changing(place, [tag], digest, () => copy(other.store, other.tag, store, { tags: [tag] }));
}

async function tagAgain({ ledger, place, store, tag, other }: Scene): Promise<void> {
  const digest = sure(ledger, place, other.tag);
  if (digest === undefined || other.tag === tag) return;
  await ledger.changing(place, [tag], digest, async () =>
    store.putManifest(await store.manifest(other.tag), { tags: [tag] }),
  );
}

/** Not in a layout, where others have tags, too, nor of what an index consists of: it would miss it. */
async function deleteManifest({ ledger, pool, place, store, image }: Scene): Promise<void> {
  const { digest } = image.built.manifest.descriptor;
  const isPart = pool.images.some(({ built }) => built.children.some(({ descriptor }) => descriptor.digest === digest));
  const gone = ledger.tagsOf(place).filter((tag) => ledger.known(place, tag).has(digest));
  const isSure = gone.every((tag) => sure(ledger, place, tag) !== undefined);
  if (place.host === undefined || isPart || !isSure) return;
  await ledger.changing(place, gone, undefined, () => store.delete({ manifest: digest }));
}

async function list({ ledger, place, store }: Scene): Promise<void> {
  const tags = ledger.tagsOf(place);
  const found = new Set(
    await listed(
      store,
      tags.every((tag) => ledger.known(place, tag).has(undefined)),
    ),
  );
  for (const tag of tags) {
    const stands = ledger.known(place, tag);
    if (!stands.has(undefined) && !found.has(tag)) throw new Wrong(`${tag} is not listed`);
    if (stands.size === 1 && stands.has(undefined) && found.has(tag)) throw new Wrong(`${tag} is listed`);
  }
}

/** A repository that nothing was ever written to is not there. */
async function listed(store: Store, mayBeEmpty: boolean): Promise<readonly string[]> {
  try {
    return await collect(store.tags());
  } catch (error) {
    if (mayBeEmpty && isOciError(error, 'NOT_FOUND')) return [];
    throw error;
  }
}

async function cat({ ledger, pool, place, store, tag }: Scene): Promise<void> {
  const found = await store.resolve(tag);
  if (!ledger.known(place, tag).has(found?.digest)) throw new Wrong(`${tag} resolves to ${found?.digest}`);
  if (found === undefined) return;
  const manifest = await store.manifest(tag);
  for (const { descriptor } of isIndex(manifest) ? [] : manifest.links) {
    const bytes = await readAll(store.blob(descriptor).open(), 1_000_000, 'a blob');
    const known = pool.bytes.get(descriptor.digest) ?? Buffer.alloc(0);
    if (!Buffer.from(bytes).equals(known)) throw new Wrong(`${descriptor.digest} was read with other bytes`);
  }
}
