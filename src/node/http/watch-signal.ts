/** One signal ends many requests at once: that they all listen is no leak, and node is not to warn of one. */

/** @returns what ends it */
export function watchSignal(signal: AbortSignal | undefined, onAbort: () => void): () => void {
  if (signal === undefined) return () => undefined;
  process.getBuiltinModule('node:events').setMaxListeners(0, signal);
  signal.addEventListener('abort', onAbort, { once: true });
  return () => signal.removeEventListener('abort', onAbort);
}
