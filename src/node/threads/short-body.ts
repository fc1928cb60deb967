/** A body that nobody waits for is read up to this length, and for no longer than that: the status has told all. */
import type { WireExchange } from '../wire/wire-exchange.ts';

const SHORT_BYTES = 64 * 1024;
const SHORT_MS = 1000;

/** As much of a body as is short. What is longer, or takes long, ends the connection. */
export async function readShort(exchange: WireExchange): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let left = SHORT_BYTES;
  const end = (): void => exchange.destroy();
  const patience = setTimeout(end, SHORT_MS);
  const moving = exchange.moveBody((bytes) => {
    if (bytes.length > left) queueMicrotask(end);
    pieces.push(new Uint8Array(bytes.subarray(0, left)));
    left -= Math.min(left, bytes.length);
    return 'now';
  });
  await moving.catch(() => undefined);
  clearTimeout(patience);
  return Buffer.concat(pieces);
}
