/** A layer that is read by its table of contents: the entries come from the table, and of the layer no more than the files that are wanted. */
import { OciError } from '../../errors.ts';
import type { Bytes, Call } from '../../model/call.ts';
import { quote } from '../../model/quote.ts';
import type { Content } from '../../store/types.ts';
import type { LayerBody, LayerEntry, LayerReader } from '../files/layer-entries.ts';
import type { Part, TableOfContents } from './chunk.ts';
import { type LayerWindows, layerWindows } from './layer-windows.ts';

/** A file, and where its bytes are. */
interface Wanted {
  readonly entry: LayerEntry;
  readonly parts: readonly Part[];
}

export function tocLayer(layer: Content, toc: TableOfContents): LayerReader {
  const { descriptor } = layer;
  const wanted = (entry: LayerEntry): Wanted => ({ entry, parts: partsOf(toc, entry) });
  return {
    descriptor,
    async *entries() {
      yield* toc.entries;
    },
    async *read(entry, call = {}) {
      for await (const { body } of bodies(layer, [wanted(entry)], call)) yield* body;
    },
    readMany: (entries, call = {}) => bodies(layer, inOrder(entries.map(wanted)), call),
    close: async () => {},
  };
}

function partsOf(toc: TableOfContents, entry: LayerEntry): readonly Part[] {
  if (toc.entries[entry.index]?.path === entry.path) return toc.parts(entry);
  throw new OciError('USAGE', `${quote(entry.path)} is of another layer`);
}

/** As they stand in the layer: so each of its bytes is passed once. What is all zeros stands nowhere, and comes after what it follows. */
function inOrder(files: readonly Wanted[]): Wanted[] {
  const starts = new Map<Wanted, number>();
  const listed = [...files].sort((a, b) => a.entry.index - b.entry.index);
  let last = -1;
  for (const file of listed) {
    last = file.parts.find(({ chunk }) => chunk.frame !== undefined)?.chunk.frame?.start ?? last;
    starts.set(file, last);
  }
  return listed.sort((a, b) => (starts.get(a) ?? 0) - (starts.get(b) ?? 0));
}

async function* bodies(layer: Content, files: readonly Wanted[], call: Call): AsyncGenerator<LayerBody> {
  const { signal, on } = call;
  const { descriptor } = layer;
  const frames = files.flatMap(({ parts }) => parts.flatMap(({ chunk }) => chunk.frame ?? []));
  if (frames.length > 0) on?.({ type: 'start', descriptor });
  let bytes = 0;
  const windows = layerWindows(layer, frames, { signal, on }, (more) => {
    bytes += more;
    on?.({ type: 'progress', descriptor, bytes });
  });
  try {
    for (const { entry, parts } of files) yield { entry, body: bodyOf(windows, parts) };
  } finally {
    await windows.close();
  }
  if (frames.length > 0) on?.({ type: 'done', descriptor, outcome: 'exists' });
}

async function* bodyOf(windows: LayerWindows, parts: readonly Part[]): Bytes & AsyncGenerator<Uint8Array> {
  for (const { chunk, from, to } of parts) {
    let at = 0;
    for await (const bytes of windows.chunk(chunk)) {
      const part = bytes.subarray(Math.max(0, from - at), Math.max(0, to - at));
      at += bytes.length;
      if (part.length > 0) yield part;
    }
  }
}
