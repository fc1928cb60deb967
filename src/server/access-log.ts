/** The access log: an entry for every request, written when its answer has gone. Secrets never get into it. */

export interface AccessLogEntry {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly status: number;
  /** The request's, names in lower case; of `authorization` the scheme alone, `cookie` is left out. */
  readonly headers: Readonly<Record<string, string>>;
  /** Bytes of the request's body that were read. */
  readonly bytesIn: number;
  /** Bytes of the answer's body that were taken. */
  readonly bytesOut: number;
  readonly durationMs: number;
  readonly remoteAddress?: string | undefined;
  /** Who it was, where access told. */
  readonly user?: string | undefined;
  /** What went wrong inside, where the client was told no more than 5xx. */
  readonly error?: unknown;
}

/** What is filled in while a request is answered. */
export interface Meter {
  bytesIn: number;
  user: string | undefined;
  error: unknown;
}

/** Passes the answer on, and writes the entry at the end of its body, or when nobody wants the rest of it. */
export function logged(response: Response, write: (bytesOut: number) => void): Response {
  const reader = response.body?.getReader();
  if (reader === undefined) {
    write(0);
    return response;
  }
  let bytesOut = 0;
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await reader.read().catch((error: unknown) => {
          write(bytesOut);
          throw error;
        });
        if (done) {
          write(bytesOut);
          controller.close();
        } else {
          bytesOut += value.length;
          controller.enqueue(value);
        }
      },
      cancel(reason) {
        write(bytesOut);
        return reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(body, { status: response.status, headers: response.headers });
}

/** The headers of a request, without what is nobody's business. */
export function loggedHeaders(headers: Headers): Record<string, string> {
  const shown: Record<string, string> = {};
  headers.forEach((value, name) => {
    if (name === 'cookie') return;
    shown[name] = name.endsWith('authorization') ? (value.split(' ', 1)[0] ?? '') : value;
  });
  return shown;
}
