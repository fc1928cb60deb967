/**
 * Content that is opened while the session for it begins: the first answers of source and target come in the same round trip. It is for
 * what is sure to be sent: what turned out to be there costs the source nothing.
 */
import type { Call } from '../model/call.ts';
import type { Content, OpenOptions } from '../store/types.ts';

/** Content whose first bytes are under way. */
export interface Ahead {
  /** The same content: the first whole reading goes on with what was opened. */
  readonly content: Content;
  /** Ends what nobody has gone on with; when it settles, nothing of it runs any more. */
  close(): Promise<void>;
}

/** Opens it now. Why it cannot be read, who reads it is told. */
export function openAhead(content: Content, { signal, on }: Call): Ahead {
  const unwanted = new AbortController();
  const forward = (): void => unwanted.abort(signal?.reason);
  signal?.addEventListener('abort', forward, { once: true });
  const bytes = (async function* () {
    yield* content.open({ signal: unwanted.signal, on });
  })();
  const first = bytes.next();
  first.catch(() => {});
  let taken = false;
  /** Whoever begins to read first has it: a request that was never sent has asked for a body and read nothing. */
  async function* goOn(options: OpenOptions): AsyncGenerator<Uint8Array> {
    if (taken) return yield* content.open(options);
    taken = true;
    try {
      for (let next = await first; next.done !== true; next = await bytes.next()) yield next.value;
    } finally {
      signal?.removeEventListener('abort', forward);
      await bytes.return();
    }
  }
  return {
    content: {
      ...content,
      open(options = {}) {
        const isWhole = options.start === undefined && options.end === undefined && options.prefix === undefined;
        return isWhole ? goOn(options) : content.open(options);
      },
    },
    async close() {
      if (taken) return;
      taken = true;
      signal?.removeEventListener('abort', forward);
      unwanted.abort();
      await first.catch(() => {});
      await bytes.return().catch(() => {});
    },
  };
}
