/**
 * One run of a command: its clients, made when they are first needed, its progress, and everything it has opened, which is
 * closed when the run ends, however it ends.
 */
import { setMaxListeners } from 'node:events';
import { OciError } from '../errors.ts';
import type { SendOptions } from '../http/pipeline.ts';
import type { Credential } from '../http/types.ts';
import type { Call } from '../model/call.ts';
import { familiarReference, parseReference, type Reference } from '../model/reference.ts';
import type { Client } from '../registry/client.ts';
import type { Source, Store } from '../store/types.ts';
import { activitySink } from './terminal/activity.ts';
import { formatDuration } from './terminal/bytes.ts';
import type { Connection, ConnectionOptions } from './connection/connection.ts';
import type { Context } from './context.ts';
import type { End, Flags } from './options/shared.ts';
import type { Output } from './terminal/output.ts';
import { createProgress, type Progress, progressMode } from './terminal/progress.ts';
import { readSettings } from './connection/settings.ts';
import { suggestTag } from './suggest.ts';

export interface Session {
  readonly context: Context;
  /** With what the settings file says where no flag does. */
  readonly flags: Flags;
  readonly output: Output;
  readonly progress: Progress;
  /** Options for every call of the library: the signal, and who is told. */
  readonly call: Call & { readonly signal: AbortSignal };
  /** The client for registries that the user named: a flag's credentials are for these only. */
  readonly client: (registry: string, end?: End) => Promise<Client>;
  /** A client with one credential, whatever the flags and files say. */
  readonly clientAs: (registry: string, credential: Credential) => Promise<Client>;
  /** What the client of a registry is made of. */
  readonly sendOptions: (registry: string) => Promise<SendOptions>;
  /** A repository that the user named. @throws OciError `REFERENCE_INVALID` */
  readonly repository: (
    text: string,
    end?: End,
  ) => Promise<{ readonly reference: Reference; readonly repository: Store }>;
  /** What was looked for last: where nothing is found, its tags are suggested. */
  readonly lookedFor: (reference: Reference, source: Source) => void;
  /** Closes this, too, when the run ends; the last one first. */
  readonly defer: (close: () => void | Promise<void>) => void;
  /** A hint for what was looked for last and is not there. */
  readonly suggest: () => Promise<string | undefined>;
  readonly close: () => Promise<void>;
}

export interface SessionOptions {
  readonly context: Context;
  readonly flags: Flags;
  readonly output: Output;
  /** Ends when the user interrupts. */
  readonly signal: AbortSignal;
}

/** @throws OciError `CONFIG_INVALID` */
export async function openSession(options: SessionOptions): Promise<Session> {
  const { context, output } = options;
  const settings = await readSettings(context);
  const { concurrency, retry, timeout } = settings;
  const flags: Flags = { concurrency, retry, timeout, ...options.flags };
  const mode = progressMode(flags.progress ?? 'auto', context, flags.quiet === true);
  const progress = await createProgress(mode, context, output, flags.debug === true);
  const closers: (() => void | Promise<void>)[] = [];
  const call = {
    signal: withTimeout(options.signal, flags.timeout, (close) => void closers.push(close)),
    on: activitySink({ progress, output, mode, debug: flags.debug === true }),
  };
  // Every request under way listens to it.
  setMaxListeners(0, call.signal);
  const named = new Set<string>();
  const clients = new Map<string, Promise<{ client: Client; connection: Connection }>>();
  let looked: { reference: Reference; source: Source } | undefined;

  const connect = (
    registry: string,
    end: End,
    credential?: Credential,
  ): Promise<{ client: Client; connection: Connection }> => {
    named.add(registry);
    const own = (flags.fromCreds ?? flags.toCreds) === undefined ? 'from' : end;
    // A client certificate is for one registry, and so is a credential of its own; else all share one client.
    const isApart = credential !== undefined || flags.certFile !== undefined;
    const key = isApart ? `${own} ${registry}` : own;
    const known = clients.get(key) ?? openClient({ context, output, flags, settings, end: own, credential, named });
    clients.set(key, known);
    return known;
  };
  return {
    context,
    flags,
    output,
    progress,
    call,
    client: async (registry, end = 'from') => (await connect(registry, end)).client,
    clientAs: async (registry, credential) => (await connect(registry, 'from', credential)).client,
    sendOptions: async (registry) => (await connect(registry, 'from')).connection,
    async repository(text, end = 'from') {
      const reference = parseReference(text);
      const repository = (await connect(reference.domain, end)).client.repository(reference);
      looked = { reference, source: repository };
      return { reference, repository };
    },
    lookedFor: (reference, source) => {
      looked = { reference, source };
    },
    defer: (close) => void closers.push(close),
    suggest: async () => (looked === undefined || call.signal.aborted ? undefined : suggestion(looked, call.signal)),
    async close() {
      progress.close();
      // What was to be told has been told: cleaning up is done as well as it goes.
      for (const close of closers.reverse()) await Promise.resolve(close()).catch(() => {});
      for (const one of clients.values()) await one.then(closeClient, () => {});
    },
  };
}

function withTimeout(signal: AbortSignal, timeout: number | undefined, defer: Session['defer']): AbortSignal {
  if (timeout === undefined) return signal;
  const limit = new AbortController();
  const reason = new OciError('TIMEOUT', `gave up after ${formatDuration(timeout)}`, {
    hint: 'give it a longer --timeout',
  });
  const timer = setTimeout(() => limit.abort(reason), timeout);
  defer(() => clearTimeout(timer));
  return AbortSignal.any([signal, limit.signal]);
}

async function openClient(options: ConnectionOptions): Promise<{ client: Client; connection: Connection }> {
  return (await import('./connection/open-client.ts')).openClient(options);
}

async function closeClient({ client }: { client: Client; connection: Connection }): Promise<void> {
  await client.close();
}

/** A hint is worth no longer wait, in milliseconds. */
const SUGGESTION_MS = 3000;

async function suggestion(
  { reference, source }: { reference: Reference; source: Source },
  signal: AbortSignal,
): Promise<string | undefined> {
  const { tag, digest, ...name } = reference;
  if (tag === undefined || digest !== undefined) return undefined;
  const patience = AbortSignal.any([signal, AbortSignal.timeout(SUGGESTION_MS)]);
  return suggestTag(familiarReference(name), tag, source.tags({ signal: patience }));
}
