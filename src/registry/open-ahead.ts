/**
 * Content that is opened while the session for it begins: the first answers of source and target come in the same round trip. It is for
 * what is sure to be sent: what turned out to be there costs the source nothing.
 */
import type { Call } from '../model/call.ts';
import type { Content } from '../store/types.ts';

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
  let given = false;
  let begun = false;
  async function* goOn(): AsyncGenerator<Uint8Array> {
    begun = true;
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
        if (given || !isWhole) return content.open(options);
        given = true;
        return goOn();
      },
    },
    async close() {
      if (begun) return;
      given = true;
      signal?.removeEventListener('abort', forward);
      unwanted.abort();
      await first.catch(() => {});
      await bytes.return().catch(() => {});
    },
  };
}
