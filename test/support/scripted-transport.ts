/** A transport that answers as a test says, and writes down what it was sent. */
import { fromArray, readAll } from '../../src/bytes/read.ts';
import type { HttpRequest, HttpResponse, Send } from '../../src/http/types.ts';

export interface Answer {
  /** 200 unless told. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** There is no answer: this is thrown. */
  readonly error?: unknown;
}

export interface SentRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly request: HttpRequest;
}

export interface Script {
  readonly send: Send;
  readonly requests: SentRequest[];
  /** `GET https://reg.test/v2/`, a line a request. */
  readonly lines: () => string[];
  /** Answers that were neither read to their end nor cancelled. */
  readonly open: () => number;
}

/** @param answer says what comes back; `count` is how many requests came before to the same method and URL */
export function script(answer: (request: SentRequest, count: number) => Answer | Promise<Answer>): Script {
  const requests: SentRequest[] = [];
  const held = new Set<object>();
  const send: Send = async (request) => {
    const { method, url, headers, body } = request;
    const bytes = body === undefined ? new Uint8Array() : await readAll(body.open(), body.size, 'the body');
    const sent: SentRequest = { method, url, headers, body: new TextDecoder().decode(bytes), request };
    const count = requests.filter((one) => one.method === method && one.url === url).length;
    requests.push(sent);
    const said = await answer(sent, count);
    if ('error' in said) throw said.error;
    return answerOf(said, request, held);
  };
  return {
    send,
    requests,
    lines: () => requests.map(({ method, url }) => `${method} ${url}`),
    open: () => held.size,
  };
}

function answerOf(
  { status = 200, headers = {}, body = '' }: Answer,
  request: HttpRequest,
  held: Set<object>,
): HttpResponse {
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
  const handle = {};
  held.add(handle);
  async function* read(): AsyncGenerator<Uint8Array> {
    try {
      yield* fromArray(bytes);
    } finally {
      held.delete(handle);
    }
  }
  const cancel = async (): Promise<void> => void held.delete(handle);
  return { status, headers, url: request.url, body: read(), cancel };
}

/** Requests in order, each answered by the next of these; one more is an error. */
export function inOrder(...answers: readonly Answer[]): Script {
  let at = 0;
  return script(({ method, url }) => answers[at++] ?? { error: new Error(`one request too many: ${method} ${url}`) });
}

export const json = (value: unknown, status = 200): Answer => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(value),
});
