/**
 * One run of a command: its client, made when it is first needed, its progress, and everything it has opened, which is closed
 * when the run ends, however it ends.
 */
import type { Call } from '../model/call.ts';
import { familiarReference, parseReference, type Reference } from '../model/reference.ts';
import type { Client } from '../registry/client.ts';
import type { Repository } from '../registry/repository.ts';
import { activitySink } from './activity.ts';
import type { Context } from './context.ts';
import type { Flags } from './frame.ts';
import type { Output } from './output.ts';
import { createProgress, type Progress, progressMode } from './progress.ts';
import { suggestTag } from './suggest.ts';

/** The ends of a copy, which may have credentials of their own. */
export type End = 'from' | 'to';

export interface Session {
  readonly context: Context;
  readonly flags: Flags;
  readonly output: Output;
  readonly progress: Progress;
  /** Options for every call of the library: the signal, and who is told. */
  readonly call: Call & { readonly signal: AbortSignal };
  client(end?: End): Promise<Client>;
  /** A repository by a reference that the user gave. @throws OciError `REFERENCE_INVALID` */
  repository(text: string, end?: End): Promise<{ readonly reference: Reference; readonly repository: Repository }>;
  /** Closes this, too, when the run ends. */
  defer(close: () => void | Promise<void>): void;
  /** A hint for what was asked for last and is not there. */
  suggest(): Promise<string | undefined>;
  close(): Promise<void>;
}

export interface SessionOptions {
  readonly context: Context;
  readonly flags: Flags;
  readonly output: Output;
  /** Ends when the user interrupts. */
  readonly signal: AbortSignal;
}

export async function openSession(options: SessionOptions): Promise<Session> {
  const { context, flags, output } = options;
  const mode = progressMode(flags.progress ?? 'auto', context, flags.quiet === true);
  const progress = await createProgress(mode, context, output);
  const signal =
    flags.timeout === undefined
      ? options.signal
      : AbortSignal.any([options.signal, AbortSignal.timeout(flags.timeout)]);
  const call = { signal, on: activitySink({ progress, output, mode, debug: flags.debug === true }) };
  const closers: (() => void | Promise<void>)[] = [];
  const clients = new Map<End, Promise<Client>>();
  let asked: { reference: Reference; repository: Repository } | undefined;

  const client = (end: End = 'from'): Promise<Client> => {
    const own = (flags.fromCreds ?? flags.toCreds) === undefined ? 'from' : end;
    const known =
      clients.get(own) ??
      import('./client-from-options.ts').then((m) => m.clientFromOptions({ context, flags, end: own, output }));
    clients.set(own, known);
    return known;
  };
  return {
    context,
    flags,
    output,
    progress,
    call,
    client,
    async repository(text, end) {
      const reference = parseReference(text);
      const repository = (await client(end)).repository(reference);
      asked = { reference, repository };
      return asked;
    },
    defer: (close) => void closers.push(close),
    async suggest() {
      if (asked?.reference.tag === undefined || signal.aborted) return undefined;
      const { tag, digest: _, ...name } = asked.reference;
      return suggestTag(familiarReference(name), tag, asked.repository.tags({ signal }));
    },
    async close() {
      progress.close();
      for (const close of closers.reverse()) await close();
      for (const one of clients.values()) await one.then((opened) => opened.close()).catch(() => {});
    },
  };
}
