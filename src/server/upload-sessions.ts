/**
 * The uploads that are open: how many a repository may have, how long one may rest, and whose turn it is. The bytes
 * are the store's; an upload that another process began is taken over when somebody asks for it.
 */
import { OciError } from '../errors.ts';
import type { Call } from '../model/call.ts';
import type { Ingest, IngestStore } from '../store/types.ts';
import type { ServerLimits } from './limits.ts';

export interface UploadSessions {
  /** @throws OciError `LIMIT` when the repository has too many */
  start(repository: string, store: IngestStore, call: Call): Promise<Ingest>;
  find(repository: string, store: IngestStore, id: string, call: Call): Promise<Ingest | undefined>;
  /** It has become a blob, or nothing. */
  forget(repository: string, id: string): void;
  /**
   * Works on an upload alone. A request that is still at it is ended first: it may be the half of a connection whose
   * other half has gone, and its client is the one that asks now.
   */
  alone<T>(repository: string, id: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T>;
}

interface Session {
  readonly repository: string;
  readonly store: IngestStore;
  readonly id: string;
  readonly usedAt: number;
}

interface Turn {
  end(): void;
  readonly ended: Promise<void>;
}

type Limits = Pick<ServerLimits, 'uploadsPerRepository' | 'uploadIdleMs'>;

/** @param now milliseconds; only differences are used */
export function createUploadSessions(limits: Limits, now: () => number): UploadSessions {
  // the one that has rested longest stands first
  const sessions = new Map<string, Session>();
  const starting = new Map<string, number>();
  const turns = new Map<string, Turn>();
  const touch = (repository: string, store: IngestStore, id: string): void => {
    sessions.delete(keyOf(repository, id));
    sessions.set(keyOf(repository, id), { repository, store, id, usedAt: now() });
  };
  const giveUpOld = async (): Promise<void> => {
    for (const [key, { store, id, usedAt }] of sessions) {
      if (now() - usedAt < limits.uploadIdleMs) return;
      if (turns.has(key)) continue;
      sessions.delete(key);
      await (await store.resumeIngest(id))?.abort();
    }
  };
  const countOf = (name: string): number =>
    [...sessions.values()].filter(({ repository }) => repository === name).length + (starting.get(name) ?? 0);
  return {
    async start(repository, store, call) {
      await giveUpOld();
      if (countOf(repository) >= limits.uploadsPerRepository) {
        throw new OciError('LIMIT', `${repository} has too many open uploads`, { retryAfterMs: 60_000 });
      }
      add(starting, repository, 1);
      try {
        const ingest = await store.ingest(call);
        touch(repository, store, ingest.id);
        return ingest;
      } finally {
        add(starting, repository, -1);
      }
    },
    async find(repository, store, id, call) {
      await giveUpOld();
      const ingest = isUploadId(id) ? await store.resumeIngest(id, call) : undefined;
      if (ingest !== undefined) touch(repository, store, id);
      return ingest;
    },
    forget: (repository, id) => void sessions.delete(keyOf(repository, id)),
    alone: (repository, id, signal, work) => takeTurn(turns, keyOf(repository, id), signal, work),
  };
}

function add(counts: Map<string, number>, name: string, step: number): void {
  const count = (counts.get(name) ?? 0) + step;
  if (count > 0) counts.set(name, count);
  else counts.delete(name);
}

async function takeTurn<T>(
  turns: Map<string, Turn>,
  key: string,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const before = turns.get(key);
  const taken = new AbortController();
  const running = (async () => {
    before?.end();
    await before?.ended;
    return await work(AbortSignal.any([signal, taken.signal]));
  })();
  const turn: Turn = { end: () => taken.abort(), ended: running.then(ignore, ignore) };
  turns.set(key, turn);
  try {
    return await running;
  } finally {
    if (turns.get(key) === turn) turns.delete(key);
  }
}

function keyOf(repository: string, id: string): string {
  return `${repository}\n${id}`;
}

/** No store is asked for a name that could be a path. */
function isUploadId(id: string): boolean {
  return /^[\w-]{1,128}$/.test(id);
}

function ignore(): void {}
