/**
 * A place for what can be made again, at a cost: indexes of layers, for instance. It may forget anything at any time, and whoever asks
 * it gets nothing or exactly what was put.
 */

export interface Cache {
  /** What was put under this key; undefined when it is not there. It never fails: a cache that cannot be read has nothing. */
  get(key: string): Promise<Uint8Array | undefined>;
  /** Keeps bytes under a key, if it can. */
  put(key: string, bytes: Uint8Array): Promise<void>;
}

/**
 * A cache for where there is no disk: it lasts as long as the program.
 * @param maxBytes what was put first goes first.
 */
export function memoryCache(maxBytes: number = 64 * 1024 * 1024): Cache {
  const kept = new Map<string, Uint8Array>();
  let size = 0;
  const forget = (key: string): void => {
    size -= kept.get(key)?.length ?? 0;
    kept.delete(key);
  };
  return {
    get: async (key) => kept.get(key),
    async put(key, bytes) {
      forget(key);
      if (bytes.length > maxBytes) return;
      kept.set(key, bytes);
      size += bytes.length;
      for (const oldest of kept.keys()) if (size > maxBytes) forget(oldest);
    },
  };
}
