/**
 * The transfer threads of this process. They start when the first transfer is large enough, end when none has been for a while, and do
 * not keep the process alive in between. Where there can be none, because the runtime or a bundler does not have them, nobody is told:
 * whoever wants one does without.
 */
import { availableParallelism } from 'node:os';
import { SHARE_ENV, Worker } from 'node:worker_threads';
import { createPromise, type Settling } from '../wire/promise.ts';
import { type Asked, type Failure, HELLO, type News, type Question, type Questions, type Told } from './protocol.ts';

const MAX_THREADS = 4;
const IDLE_MS = 2000;
/** A thread that has not said a word by then is none. */
const HELLO_MS = 10_000;

/** One transfer, as seen from the program. */
export interface ThreadCall {
  /** @throws ThreadFailure */
  ask<Q extends Question>(question: Q, ...args: Parameters<Questions[Q]>): Promise<ReturnType<Questions[Q]>>;
  /** Tells what it tells from now on. @returns what ends that */
  listen(onNews: (news: News) => void): () => void;
  /** Ends it; afterwards its thread does nothing more for it. */
  close(): Promise<void>;
}

/** What went wrong in a thread. */
export class ThreadFailure extends Error {
  readonly failure: Failure;
  constructor(failure: Failure) {
    super(failure.message);
    this.failure = failure;
  }
}

interface Thread {
  readonly worker: Worker;
  readonly asked: Map<number, Settling<unknown>>;
  /** Who listens to which transfer. */
  readonly calls: Map<number, Set<(news: News) => void>>;
  /** Has it said what it is? One that has not may be something else, where a bundler has put another file in its place. */
  isKnown: boolean;
  /** Ends it. */
  timer: NodeJS.Timeout | undefined;
}

const threads = new Set<Thread>();
let numbers = 0;
let areMissing = 'Deno' in globalThis;

/** A place for one transfer, on the thread that has the fewest; undefined: there are no threads here. */
export function openThreadCall(): ThreadCall | undefined {
  const thread = freest();
  return thread === undefined ? undefined : callOn(thread);
}

/** Closes the connections that threads have kept for a transport. */
export function forgetKept(transport: string): void {
  for (const { worker } of threads) worker.postMessage({ forget: transport } satisfies Asked, []);
}

function freest(): Thread | undefined {
  const byLoad = [...threads].sort((a, b) => a.calls.size - b.calls.size);
  const [first] = byLoad;
  const isFull = threads.size >= Math.min(MAX_THREADS, availableParallelism());
  return first !== undefined && (first.calls.size === 0 || isFull) ? first : (start() ?? first);
}

function start(): Thread | undefined {
  if (areMissing) return undefined;
  let worker: Worker;
  try {
    const suffix = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    worker = new Worker(new URL(`./lading-thread.${suffix}`, import.meta.url), { env: SHARE_ENV });
  } catch {
    areMissing = true;
    return undefined;
  }
  const thread: Thread = { worker, asked: new Map(), calls: new Map(), isKnown: false, timer: undefined };
  thread.timer = setTimeout(() => retire(thread), HELLO_MS).unref();
  worker.on('message', (told: Told) => hear(thread, told));
  worker.on('error', (error) => end(thread, error.message));
  worker.on('exit', () => end(thread, 'the thread has ended'));
  worker.unref();
  threads.add(thread);
  return thread;
}

function hear(thread: Thread, told: Told): void {
  if ('hello' in told) {
    thread.isKnown = told.hello === HELLO;
    if (thread.isKnown) clearTimeout(thread.timer);
    return;
  }
  if ('news' in told) {
    for (const onNews of thread.calls.get(told.transfer) ?? []) onNews(told.news);
    return;
  }
  const asked = thread.asked.get(told.number);
  thread.asked.delete(told.number);
  if ('failure' in told) asked?.reject(new ThreadFailure(told.failure));
  else asked?.resolve(told.result);
  restIfIdle(thread);
}

/** With neither a transfer nor a question that waits for its answer, it keeps the process alive no more, and ends after a while. */
function restIfIdle(thread: Thread): void {
  if (thread.calls.size > 0 || thread.asked.size > 0) return;
  thread.worker.unref();
  clearTimeout(thread.timer);
  thread.timer = setTimeout(() => retire(thread), IDLE_MS).unref();
}

/** Nothing new is put on it, from now on. */
function retire(thread: Thread): void {
  threads.delete(thread);
  void thread.worker.terminate();
}

function end(thread: Thread, message: string): void {
  threads.delete(thread);
  clearTimeout(thread.timer);
  if (!thread.isKnown) areMissing = true;
  for (const asked of thread.asked.values()) asked.reject(new ThreadFailure({ message, where: 'thread' }));
  thread.asked.clear();
}

function callOn(thread: Thread): ThreadCall {
  const transfer = ++numbers;
  const listeners = new Set<(news: News) => void>();
  if (thread.isKnown) clearTimeout(thread.timer);
  thread.worker.ref();
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    await call.ask('close').catch(() => undefined);
    thread.calls.delete(transfer);
    restIfIdle(thread);
  };
  const call: ThreadCall = {
    listen(onNews) {
      listeners.add(onNews);
      return () => void listeners.delete(onNews);
    },
    ask<Q extends Question>(question: Q, ...args: Parameters<Questions[Q]>) {
      const asking = createPromise<unknown>();
      if (!threads.has(thread)) asking.reject(new ThreadFailure({ message: 'the thread has ended', where: 'thread' }));
      const number = ++numbers;
      if (!asking.isSettled()) thread.asked.set(number, asking);
      thread.worker.postMessage({ number, transfer, question, args } satisfies Asked, []);
      return asking.promise as Promise<ReturnType<Questions[Q]>>;
    },
    close: () => (closing ??= close()),
  };
  thread.calls.set(transfer, listeners);
  return call;
}
