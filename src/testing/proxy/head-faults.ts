/** Faults of the head of an answer. */
import { setTimeout as delay } from 'node:timers/promises';
import { type Answer, type Exchange, fromParts, relay, relayBody, sized, wholeBody } from './exchange.ts';
import { headText, withHeaders, writeBody } from './message.ts';
import type { FaultNameIn } from './fault-names.ts';
import type { AnswerFault, UnnamedFault } from './types.ts';

const hasBody = ({ framing, length }: Answer): boolean => framing !== 'none' && length !== 0;

/** One header more, that large. */
function padded(bytes: number): AnswerFault {
  return {
    at: 'answer',
    befall: (exchange, answer) =>
      relay(exchange, { ...answer, headers: [...answer.headers, ['X-Padding', 'x'.repeat(bytes)]] }),
  };
}

/** The length that is told is another one than the body has; then the connection ends. */
function told(change: (length: number) => readonly string[]): AnswerFault {
  return {
    at: 'answer',
    fits: hasBody,
    befall: async (exchange, original) => {
      const answer = await sized(original);
      const lengths = change(answer.length).map((length) => ['Content-Length', length] as const);
      const headers = [...withHeaders(answer.headers, { 'content-length': undefined }), ...lengths];
      await relay(exchange, { ...answer, headers });
      exchange.client.end();
      return false;
    },
  };
}

async function slowly(exchange: Exchange, answer: Answer): Promise<boolean> {
  const { client, pauseMs } = exchange;
  for (const byte of headText(answer)) {
    await client.write(byte);
    await delay(pauseMs, undefined, { signal: client.signal });
  }
  return relayBody(exchange, answer);
}

async function bareLines(exchange: Exchange, answer: Answer): Promise<boolean> {
  await exchange.client.write(headText(answer, '\n'));
  await writeBody(exchange.client, answer.framing, answer.bytes, exchange.count);
  return false;
}

async function lengthAndChunks(exchange: Exchange, answer: Answer): Promise<boolean> {
  const body = await wholeBody(answer);
  const headers = withHeaders(answer.headers, {
    'content-length': String(body.length),
    'transfer-encoding': 'chunked',
  });
  await relay(exchange, { ...answer, headers, framing: 'chunked', bytes: fromParts([body]) });
  return false;
}

export const headFaults: Readonly<Record<FaultNameIn<'head'>, UnnamedFault>> = {
  /** Byte by byte, with pauses. */
  'slow-head': { at: 'answer', befall: slowly },
  'header-20k': padded(20 * 1024),
  'header-1m': padded(1024 * 1024),
  /** Docker Hub's 429 (hub-feedback#1907). */
  'bare-lf': { at: 'answer', befall: bareLines },
  'length-and-chunks': { at: 'answer', fits: hasBody, befall: lengthAndChunks },
  'two-lengths': told((length) => [String(length), String(length + 1)]),
  'length-too-small': told((length) => [String(length - 1)]),
  'length-too-big': told((length) => [String(length + 1)]),
};
