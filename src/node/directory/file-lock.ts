/**
 * Locks between processes, as files that only one can create. Who holds one touches it from time to time; a lock is taken over when
 * its holder is known to be dead, or has not touched it for long. Time is measured by who waits, so that clocks may differ.
 */
import { type FileHandle, open, readFile, readlink, stat, unlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { OciError, throwIfAborted } from '../../errors.ts';
import { type Clock, systemClock } from '../../http/clock.ts';
import { codeOf, fsError, onDisk, unless } from '../files/fs-errors.ts';

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
/** As long as a lock may stand there half-written. */
const UNFINISHED_MS = 1000;
const LONGEST_WAIT_MS = 100;
/** Trying is cheap; a look at the holder, to see whether it is alive, is taken with every fourth attempt. */
const LOOK_EVERY = 4;

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
  for (let attempt = 0, delay = 2; ; attempt++, delay = Math.min(delay * 1.5, LONGEST_WAIT_MS)) {
    throwIfAborted(signal);
    const handle = await create(path, makeFolder);
    if (handle !== undefined) return hold(path, handle, wasTaken, staleMs / 6);
    if (attempt % LOOK_EVERY === 0) {
      const holder = await look(path);
      if (holder === undefined) continue;
      if (((await isDead(holder)) || isSilent(holder)) && (await takeAway(path, holder, makeFolder, staleMs))) {
        wasTaken = true;
        continue;
      }
      if (clock.now() - begun > patienceMs) throw stillHeld(path, holder);
    }
    await clock.wait(delay * (0.5 + Math.random()), signal);
  }
}

function stillHeld(path: string, { text }: Holder): OciError {
  const pid = /"pid":(\d{1,10})/.exec(text)?.[1];
  return new OciError('CONFLICT', `${path} is held by ${pid === undefined ? 'another process' : `process ${pid}`}`, {
    hint: 'wait for it to finish; remove the file only if no such process runs',
  });
}

/** The lock's open file, when it is ours now. */
async function create(path: string, makeFolder: () => Promise<void>): Promise<FileHandle | undefined> {
  for (let left = 100; ; left--) {
    try {
      return await openNew(path);
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return undefined;
      if (codeOf(error) !== 'ENOENT' || left === 0) throw fsError(error, `lock ${path}`);
      await makeFolder();
    }
  }
}

async function openNew(path: string): Promise<FileHandle | undefined> {
  const handle = await open(path, 'wx');
  try {
    const holder = { pid: process.pid, machine: await machine(), token: crypto.randomUUID() };
    await handle.writeFile(JSON.stringify(holder));
    if (await isOurs(handle)) return handle;
  } catch (error) {
    await letGo(path, handle);
    throw error;
  }
  // While we wrote, somebody took us for dead and the file for a leftover.
  await handle.close();
  return undefined;
}

/** A lock that was taken from us has no name any longer. */
async function isOurs(handle: FileHandle): Promise<boolean> {
  return (await handle.stat()).nlink > 0;
}

async function letGo(path: string, handle: FileHandle): Promise<void> {
  const isStillOurs = await isOurs(handle).catch(() => false);
  await handle.close().catch(() => {});
  if (isStillOurs) await unlink(path).catch(() => {});
}

async function look(path: string): Promise<Holder | undefined> {
  const seen = Promise.all([readFile(path, 'utf8'), stat(path)]);
  const [text, { mtimeMs }] = (await onDisk(`read ${path}`, () => unless(['ENOENT'], seen))) ?? [
    undefined,
    { mtimeMs: 0 },
  ];
  return text === undefined ? undefined : { text, touchedMs: mtimeMs };
}

function hold(path: string, handle: FileHandle, wasTaken: boolean, beatMs: number): FileLock {
  let beat: Promise<unknown> = Promise.resolve();
  const timer = setInterval(() => {
    const now = new Date();
    beat = handle.utimes(now, now).catch(() => {});
  }, beatMs);
  timer.unref();
  return {
    wasTaken,
    async release() {
      clearInterval(timer);
      await beat;
      await letGo(path, handle);
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
    return clock.now() - since > (holder.text.endsWith('}') ? staleMs : Math.min(staleMs, UNFINISHED_MS));
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
  const handle = await create(breaking, makeFolder);
  if (handle === undefined) {
    const other = await look(breaking);
    const isLeftOver = other !== undefined && ((await isDead(other)) || Date.now() - other.touchedMs > staleMs);
    if (isLeftOver) await unlink(breaking).catch(() => {});
    return false;
  }
  try {
    const holder = await look(path);
    const isSame = holder?.text === dead.text && holder.touchedMs === dead.touchedMs;
    if (isSame) await onDisk(`remove ${path}`, () => unlink(path));
    return isSame;
  } finally {
    await letGo(breaking, handle);
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
