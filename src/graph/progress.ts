/** Content that tells how far its reading is. */
import type { Bytes, Call } from '../model/call.ts';
import type { Content } from '../store/types.ts';

/** The same content; every chunk that is read of it is told as a `progress` activity. */
export function counted(content: Content, on: Call['on']): Content {
  if (on === undefined) return content;
  const { descriptor, origin, pour } = content;
  const tell = (bytes: number): void => on({ type: 'progress', descriptor, bytes });
  return {
    descriptor,
    origin,
    open: (options = {}) => count(content.open(options), options.start ?? 0, tell),
    pour: pour && ((transfer, options) => pour(transfer, { ...options, onReceived: tell })),
  };
}

async function* count(bytes: Bytes, start: number, tell: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  let read = start;
  for await (const chunk of bytes) {
    read += chunk.length;
    tell(read);
    yield chunk;
  }
}
