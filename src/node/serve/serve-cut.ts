/** How a connection ends when its answer cannot be finished. Test doubles say how on purpose, with {@link connectionCut}. */
import type { ServerResponse } from 'node:http';

/** `end`: a FIN after all bytes. `reset`: a RST, which overtakes bytes that are still on their way, as it does on any network. */
export type CutKind = 'reset' | 'end';

class ConnectionCut extends Error {
  readonly kind: CutKind;

  constructor(kind: CutKind) {
    super(`the connection is cut (${kind})`);
    this.kind = kind;
  }
}

/**
 * An error that ends the connection: a handler that throws it gives no answer at all, a body that fails with it ends
 * after the bytes that came before. For the tests of clients.
 */
export function connectionCut(kind: CutKind): Error {
  return new ConnectionCut(kind);
}

/** Ends the connection of an answer that failed. Whatever was written before goes out first. */
export async function endConnection(answer: ServerResponse, error: unknown): Promise<void> {
  const { socket } = answer;
  if (socket === null || socket.destroyed) return;
  if (!(error instanceof ConnectionCut)) return void socket.destroy();
  if (answer.headersSent) answer.flushHeaders();
  await new Promise<void>((resolve) => {
    socket.once('close', () => resolve());
    socket.write('', () => resolve());
  });
  if (error.kind === 'end') socket.end(() => socket.destroy());
  else if (socket.resetAndDestroy === undefined || 'encrypted' in socket) socket.destroy();
  else socket.resetAndDestroy();
}
