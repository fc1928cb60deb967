/** Images whose layers are written anew: what comes of it once it is published, and what stands in its layers then. */
import assert from 'node:assert/strict';
import { decompress } from '../../src/bytes/decompress.ts';
import { readAll } from '../../src/bytes/read.ts';
import { readTar, type TarHeader } from '../../src/bytes/tar.ts';
import { copy } from '../../src/graph/copy.ts';
import { validate } from '../../src/graph/validate.ts';
import type { Changed } from '../../src/image/change/change.ts';
import type { ChangedLayers } from '../../src/image/change/change-layers.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { spoolToMemory, type Spool } from '../../src/store/spool.ts';
import type { Content, Store } from '../../src/store/types.ts';
import { type ImageView, viewImage } from './image-view.ts';

/** A spool that knows what is still kept in it. */
export interface CountedSpool {
  readonly spool: Spool;
  /** How many are open. */
  readonly open: () => number;
  /** How many there were. */
  readonly all: () => number;
}

export function countedSpool(): CountedSpool {
  const memory = spoolToMemory(1 << 26);
  let all = 0;
  let closed = 0;
  const spool: Spool = async (bytes, options) => {
    const kept = await memory(bytes, options);
    all++;
    return {
      content: kept.content,
      close: async () => {
        closed++;
        await kept.close();
      },
    };
  };
  return { spool, open: () => all - closed, all: () => all };
}

/** The store of what came of a change: published as `2`, validated, and all that it kept given back. */
export async function published(change: Promise<Changed & Partial<Pick<ChangedLayers, 'close'>>>): Promise<Store> {
  const changed = await change;
  const target = createMemoryStore();
  try {
    await copy(changed.source, changed.root, target, { tags: ['2'], foreignLayers: true });
  } finally {
    await changed.close?.();
  }
  assert.deepEqual((await validate(target, '2')).problems, []);
  return target;
}

/** The image that came of a change. */
export async function publishedImage(
  change: Promise<Changed & Partial<Pick<ChangedLayers, 'close'>>>,
): Promise<ImageView> {
  return viewImage(await published(change), '2');
}

/** An entry of a layer, and its text. */
export interface EntryView extends TarHeader {
  readonly text: string;
}

/** The entries of a layer, in their order. */
export async function entriesIn(layer: Content): Promise<readonly EntryView[]> {
  const entries: EntryView[] = [];
  for await (const { body, offset: _, ...header } of readTar(decompress(layer.open()))) {
    entries.push({ ...header, text: new TextDecoder().decode(await readAll(body, 1 << 26, header.name)) });
  }
  return entries;
}
