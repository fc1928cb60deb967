/**
 * The bytes of a layer, for who reads the archive in them: proven to their end however little of it is looked at, because only the whole
 * has a digest. Where there is a spool they are fetched once, and proven by that.
 */
import { counted } from '../../graph/progress.ts';
import type { Bytes, Call } from '../../model/call.ts';
import type { Spool, Spooled } from '../../store/spool.ts';
import type { Content } from '../../store/types.ts';

/** A layer that is being read. */
export interface Opened {
  /** Whoever stops reading them does not close them. */
  readonly bytes: Bytes;
  /** Reads what is left of them, unless they are proven already. @throws OciError `DIGEST_MISMATCH`, `SIZE_MISMATCH` */
  readonly prove: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export interface LayerBytes {
  /** @param packed sees each chunk: then all of them are read, however much of them was proven before. */
  open(call: Call, packed?: (chunk: Uint8Array) => void): Promise<Opened>;
  /** Gives back what was spooled. */
  close(): Promise<void>;
}

export function layerBytes(layer: Content, spool: Spool | undefined): LayerBytes {
  const fetch = toldOnce(layer);
  if (spool === undefined)
    return { open: async (call, packed) => opened(seen(fetch(call), packed), false), close: async () => {} };
  let kept: Promise<Spooled> | undefined;
  return {
    async open(call, packed) {
      kept ??= spool(fetch(call), { signal: call.signal });
      try {
        return opened(seen((await kept).content.open({ signal: call.signal }), packed), packed === undefined);
      } catch (error) {
        kept = undefined;
        throw error;
      }
    },
    async close() {
      await (await kept?.catch(() => undefined))?.close();
      kept = undefined;
    },
  };
}

/** Opens the layer; the first time, what becomes of it is told. */
function toldOnce(layer: Content): (call: Call) => Bytes {
  const { descriptor } = layer;
  let isTold = false;
  return async function* ({ signal, on }) {
    const isFirst = !isTold;
    isTold = true;
    if (isFirst) on?.({ type: 'start', descriptor });
    yield* counted(layer, isFirst ? on : undefined).open({ signal, on });
    if (isFirst) on?.({ type: 'done', descriptor, outcome: 'exists' });
  };
}

/** Bytes that somebody else looks at on their way. */
export function seen(bytes: Bytes, look: ((chunk: Uint8Array) => void) | undefined): Bytes {
  return look === undefined ? bytes : looking(bytes, look);
}

async function* looking(bytes: Bytes, look: (chunk: Uint8Array) => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    look(chunk);
    yield chunk;
  }
}

function opened(bytes: Bytes, isProven: boolean): Opened {
  const iterator = bytes[Symbol.asyncIterator]();
  return {
    bytes: { [Symbol.asyncIterator]: () => ({ next: () => iterator.next() }) },
    prove: async () => {
      for (let isDone = isProven; !isDone; ) isDone = (await iterator.next()).done === true;
    },
    close: async () => {
      await iterator.return?.();
    },
  };
}
