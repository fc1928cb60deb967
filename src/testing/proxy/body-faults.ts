/** Faults of the body of an answer: cut, stalled, slow, and wrong bytes. They happen to answers that have a body. */
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { type Answer, type Exchange, fromParts, relay, relayFirst, sized, wholeBody } from './exchange.ts';
import { headText, withHeaders } from './message.ts';
import type { FaultNameIn } from './fault-names.ts';
import type { AnswerFault, Fault, UnnamedFault } from './types.ts';

const hasBody = ({ framing, length }: Answer): boolean => framing !== 'none' && length !== 0;

/** Where in a body: a share of it, `last` for all but its last byte, `random` by the seed. */
export type Part = number | 'last' | 'random';

function offsetOf(part: Part, length: number, random: () => number): number {
  if (part === 'last') return length - 1;
  return Math.min(length - 1, Math.floor((part === 'random' ? random() : part) * length));
}

/** A body of a known length, changed. */
function onBody(
  befall: (exchange: Exchange, answer: Answer & { readonly length: number }) => Promise<boolean>,
): AnswerFault {
  return { at: 'answer', fits: hasBody, befall: async (exchange, answer) => befall(exchange, await sized(answer)) };
}

/** What was written has to leave before the reset, which would overtake it. */
const FLUSH_MS = 5;

/** The connection is reset within the body. */
export function resetAt(part: Part): Fault {
  const fault = onBody(async (exchange, answer) => {
    const { client, random } = exchange;
    await relayFirst(exchange, answer, offsetOf(part, answer.length, random));
    await delay(FLUSH_MS, undefined, { signal: client.signal });
    client.reset();
    return false;
  });
  return { name: `reset at ${part}`, ...fault };
}

/** Within the body nothing more comes, until the client goes. */
export function stallAt(part: Part): Fault {
  const fault = onBody(async (exchange, answer) => {
    await relayFirst(exchange, answer, offsetOf(part, answer.length, exchange.random));
    await exchange.client.hold();
    return false;
  });
  return { name: `stall at ${part}`, ...fault };
}

/** Cut in half, and ended as if all was well. */
function cut(changes: Readonly<Record<string, string | undefined>>, framing: 'chunked' | 'close'): AnswerFault {
  return onBody(async (exchange, answer) => {
    const headers = withHeaders(answer.headers, { 'content-length': undefined, ...changes });
    await relayFirst(exchange, { ...answer, headers, framing }, Math.floor(answer.length / 2));
    exchange.client.end();
    return false;
  });
}

/** Other bytes in place of the body, of the same length where nothing else is said. */
function spoilt(
  change: (body: Buffer, random: () => number) => Buffer,
  changes: Readonly<Record<string, string>> = {},
): AnswerFault {
  return onBody(async (exchange, answer) => {
    const body = change(await wholeBody(answer), exchange.random);
    const headers = withHeaders(answer.headers, { 'content-length': String(body.length), ...changes });
    return relay(exchange, { ...answer, headers, bytes: fromParts([body]) });
  });
}

function flipBit(body: Buffer, random: () => number): Buffer {
  const at = Math.floor(random() * body.length);
  body[at] = (body[at] ?? 0) ^ (1 << Math.floor(random() * 8));
  return body;
}

/** A block comes twice, and the end is missing for it. */
function repeatBlock(body: Buffer, random: () => number): Buffer {
  const size = Math.max(1, Math.min(512, body.length >> 2));
  const at = Math.floor(random() * Math.max(1, body.length - 2 * size));
  const twice = Buffer.concat([body.subarray(0, at + size), body.subarray(at)]).subarray(0, body.length);
  // A block of equal bytes would change nothing.
  return twice.equals(body) ? flipBit(twice, random) : twice;
}

async function trickle(exchange: Exchange, answer: Answer & { readonly length: number }): Promise<boolean> {
  const { client, count, pauseMs } = exchange;
  await client.write(headText(answer));
  for await (const part of answer.bytes) {
    for (const byte of part) {
      await client.write(Uint8Array.of(byte));
      count(1);
      await delay(pauseMs, undefined, { signal: client.signal });
    }
  }
  return true;
}

async function withMore(exchange: Exchange, answer: Answer): Promise<boolean> {
  await relay(exchange, answer);
  await exchange.client.write('EXTRA BYTES THAT NOBODY ASKED FOR');
  return false;
}

export const bodyFaults: Readonly<Record<FaultNameIn<'body'>, UnnamedFault>> = {
  'chunked-cut': cut({ 'transfer-encoding': 'chunked' }, 'chunked'),
  'close-cut': cut({ connection: 'close' }, 'close'),
  'reset-at-1': resetAt(0.01),
  'reset-at-50': resetAt(0.5),
  'reset-at-last': resetAt('last'),
  'stall-at-0': stallAt(0),
  'stall-at-50': stallAt(0.5),
  'stall-at-last': stallAt('last'),
  /** A byte at a time, with pauses. */
  trickle: onBody(trickle),
  /** After the body, beyond its length. */
  'extra-bytes': onBody(withMore),
  'bit-flip': spoilt(flipBit),
  'block-twice': spoilt(repeatBlock),
  'gzip-encoded': spoilt((body) => gzipSync(body), { 'content-encoding': 'gzip' }),
  'gzip-label': spoilt((body) => body, { 'content-encoding': 'gzip' }),
};
