/**
 * Locks between processes, as files that only one can create. Who holds one touches it from time to time; a lock is taken over when
 * its holder is known to be dead, or has not touched it for long. Time is measured by who waits, so that clocks may differ.
 */
import { readFile, readlink, stat, unlink, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { OciError, throwIfAborted } from '../errors.ts';
import { type Clock, systemClock } from '../http/clock.ts';
import { codeOf, onDisk, unless } from './fs-errors.ts';

export interface FileLockOptions {
  readonly signal?: AbortSignal | undefined;
  /** How long to wait for it; for ever unless told. */
  readonly patienceMs?: number | undefined;
  /** How long a holder may be silent; 30 s unless told. It touches the lock six times as often. */
  readonly staleMs?: number | undefined;
  readonly clock?: Clock | undefined;
}

export interface FileLock {
  /** Was it taken from somebody who died? Then what that one was doing may lie about. */
  readonly wasTaken: boolean;
  release(): Promise<void>;
}

/** Somebody's lock as it was seen. */
interface Holder {
  readonly text: string;
  readonly touchedMs: number;
}

const STALE_MS = 30_000;
const LONGEST_WAIT_MS = 50;

/**
 * Takes a lock, waiting while another has it.
 * @param makeFolder makes the folder of the lock, which others may remove at any time.
 * @throws OciError `CONFLICT` when patience ends, `ABORTED`, `IO`
 */
export async function lockFile(
  path: string,
  makeFolder: () => Promise<void>,
  options: FileLockOptions = {},
): Promise<FileLock> {
  const { clock = systemClock, staleMs = STALE_MS, patienceMs = Number.POSITIVE_INFINITY, signal } = options;
  const begun = clock.now();
  const isSilent = silenceWatch(clock, staleMs);
  let wasTaken = false;
  for (let delay = 2; ; delay = Math.min(delay * 1.5, LONGEST_WAIT_MS)) {
    throwIfAborted(signal);
    const text = await create(path, makeFolder);
    if (text !== undefined) return hold(path, text, wasTaken, staleMs / 6);
    const holder = await look(path);
    if (holder === undefined) continue;
    if (((await isDead(holder)) || isSilent(holder)) && (await takeAway(path, holder, makeFolder, staleMs))) {
      wasTaken = true;
      continue;
    }
    if (clock.now() - begun > patienceMs) throw stillHeld(path, holder);
    await clock.wait(delay * (0.5 + Math.random()), signal);
  }
}

function stillHeld(path: string, { text }: Holder): OciError {
  const pid = /"pid":(\d{1,10})/.exec(text)?.[1];
  return new OciError('CONFLICT', `${path} is held by ${pid === undefined ? 'another process' : `process ${pid}`}`, {
    hint: 'wait for it to finish; remove the file only if no such process runs',
  });
}

/** The lock's text, when it is ours now. */
async function create(path: string, makeFolder: () => Promise<void>): Promise<string | undefined> {
  const text = JSON.stringify({ pid: process.pid, machine: await machine(), token: crypto.randomUUID() });
  for (let left = 100; ; left--) {
    try {
      await writeFile(path, text, { flag: 'wx' });
      return text;
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return undefined;
      if (codeOf(error) !== 'ENOENT' || left === 0) return onDisk(`lock ${path}`, () => Promise.reject(error));
      await makeFolder();
    }
  }
}

async function look(path: string): Promise<Holder | undefined> {
  const seen = Promise.all([readFile(path, 'utf8'), stat(path)]);
  const [text, { mtimeMs }] = (await onDisk(`read ${path}`, () => unless(['ENOENT'], seen))) ?? [
    undefined,
    { mtimeMs: 0 },
  ];
  return text === undefined ? undefined : { text, touchedMs: mtimeMs };
}

function hold(path: string, text: string, wasTaken: boolean, beatMs: number): FileLock {
  let beat: Promise<unknown> = Promise.resolve();
  const timer = setInterval(() => {
    const now = new Date();
    beat = utimes(path, now, now).catch(() => {});
  }, beatMs);
  timer.unref();
  return {
    wasTaken,
    async release() {
      clearInterval(timer);
      await beat;
      const holder = await look(path).catch(() => undefined);
      if (holder?.text === text) await unlink(path).catch(() => {});
    },
  };
}

/** Has the same holder been seen, untouched, for as long as that? */
function silenceWatch(clock: Clock, staleMs: number): (holder: Holder) => boolean {
  let first: Holder | undefined;
  let since = 0;
  return (holder) => {
    if (first?.text !== holder.text || first.touchedMs !== holder.touchedMs) {
      first = holder;
      since = clock.now();
    }
    return clock.now() - since > staleMs;
  };
}

async function isDead({ text }: Holder): Promise<boolean> {
  const pid = Number(/"pid":(\d{1,10})/.exec(text)?.[1] ?? Number.NaN);
  if (!Number.isSafeInteger(pid) || !text.includes(JSON.stringify(await machine()))) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return codeOf(error) === 'ESRCH';
  }
}

/**
 * Removes the lock of a dead holder. Only one may do so at a time, and only if it is that holder's still: between two who both
 * found it dead, the slower would otherwise remove the lock of the faster.
 */
async function takeAway(
  path: string,
  dead: Holder,
  makeFolder: () => Promise<void>,
  staleMs: number,
): Promise<boolean> {
  const breaking = `${path}.break`;
  if ((await create(breaking, makeFolder)) === undefined) {
    const other = await look(breaking);
    const isLeftOver = other !== undefined && ((await isDead(other)) || Date.now() - other.touchedMs > staleMs);
    if (isLeftOver) await unlink(breaking).catch(() => {});
    return false;
  }
  try {
    const holder = await look(path);
    const isSame = holder?.text === dead.text && holder.touchedMs === dead.touchedMs;
    if (isSame) await unlink(path);
    return isSame;
  } finally {
    await unlink(breaking).catch(() => {});
  }
}

let known: Promise<string> | undefined;

/** This machine, and the numbering of its processes: in a container, pid 7 is another's. */
function machine(): Promise<string> {
  known ??= readlink('/proc/self/ns/pid').then(
    (namespace) => `${hostname()} ${namespace}`,
    () => hostname(),
  );
  return known;
}
