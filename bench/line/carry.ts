/** One direction of a connection: bytes, and the end of them, arrive in their order and late. */
import type { Socket } from 'node:net';

/** What may be under way; more than any line of 50 ms has between two programs on one machine. */
const WINDOW = 64 * 1024 * 1024;

/** @param dueAt when what is sent now arrives, by `performance.now()`; never earlier than what was sent before */
export function carry(from: Socket, to: Socket, dueAt: (now: number) => number): void {
  const underWay: (Buffer | undefined)[] = [];
  let held = 0;
  const given = (length: number): void => {
    held -= length;
    if (held <= WINDOW) from.resume();
  };
  // Timers of different lengths may change places: each delivers whatever is next.
  const deliver = (): void => {
    const chunk = underWay.shift();
    if (to.destroyed) return;
    if (chunk === undefined) to.end();
    else to.write(chunk, () => given(chunk.length));
  };
  const send = (chunk: Buffer | undefined): void => {
    underWay.push(chunk);
    const now = performance.now();
    setTimeout(deliver, Math.max(0, dueAt(now) - now));
  };
  from.on('data', (chunk: Buffer) => {
    held += chunk.length;
    if (held > WINDOW) from.pause();
    send(chunk);
  });
  from.once('end', () => send(undefined));
}
