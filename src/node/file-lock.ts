/**
 * A lock between processes, for changes that take milliseconds: a file beside the guarded one, made exclusively, which
 * names its owner. What a killed process leaves behind is recognised and removed.
 */
import { randomUUID } from 'node:crypto';
import { link, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { OciError, throwIfAborted } from '../errors.ts';
import type { Call } from '../model/call.ts';
import { errnoOf, ioError } from './io-error.ts';

export interface LockOptions extends Call {
  /** How long to wait for others, in milliseconds; 30 s unless told. */
  readonly waitMs?: number | undefined;
}

/** No change takes as long: the owner of an older lock is gone, even if its process id is in use again. */
const STALE_MS = 10_000;

/**
 * Works while no other process does.
 * @param work gets a check to make just before the change becomes visible: it fails if the lock was lost
 * @throws OciError `CONFLICT` when others hold the lock for too long, `IO`, `ABORTED`
 */
export async function withFileLock<T>(
  file: string,
  work: (assertHeld: () => Promise<void>) => Promise<T>,
  options: LockOptions = {},
): Promise<T> {
  const lock = `${file}.lock`;
  const owner = `${process.pid} ${hostname()} ${randomUUID()}`;
  const isHeld = async (): Promise<boolean> => (await ownerOf(lock)) === owner;
  await acquire(lock, owner, options);
  try {
    return await work(async () => {
      if (!(await isHeld()))
        throw new OciError('CONFLICT', `the lock of ${file} was taken away`, { hint: 'try again' });
    });
  } finally {
    if (await isHeld()) await rm(lock, { force: true });
  }
}

async function acquire(lock: string, owner: string, { waitMs = 30_000, signal }: LockOptions): Promise<void> {
  const deadline = performance.now() + waitMs;
  while (!(await tryAcquire(lock, owner))) {
    throwIfAborted(signal);
    await removeStale(lock);
    if (performance.now() > deadline) {
      throw new OciError('CONFLICT', `another process holds ${lock}`, { hint: 'remove it if no such process runs' });
    }
    await sleep(2 + Math.random() * 20);
  }
}

async function tryAcquire(lock: string, owner: string): Promise<boolean> {
  try {
    const handle = await open(lock, 'wx', 0o600);
    try {
      await handle.writeFile(owner);
    } finally {
      await handle.close();
    }
    return true;
  } catch (error) {
    // Windows answers EPERM while a removed lock is still open somewhere
    const code = errnoOf(error);
    if (code === 'EEXIST' || (code === 'EPERM' && process.platform === 'win32')) return false;
    throw ioError(error, `make ${lock}`);
  }
}

async function ownerOf(lock: string): Promise<string | undefined> {
  return readFile(lock, 'utf8').catch(() => undefined);
}

async function removeStale(lock: string): Promise<void> {
  const owner = await ownerOf(lock);
  if (owner === undefined || !(await isStale(lock, owner))) return;
  const aside = `${lock}.${randomUUID()}`;
  // renaming lets one of several that notice win; a lock that was made in between is given back
  if (
    !(await rename(lock, aside).then(
      () => true,
      () => false,
    ))
  )
    return;
  if ((await ownerOf(aside)) !== owner) await link(aside, lock).catch(() => {});
  await rm(aside, { force: true });
}

async function isStale(lock: string, owner: string): Promise<boolean> {
  const [pid, host] = owner.split(' ');
  if (host === hostname() && !isAlive(Number(pid))) return true;
  const age = await stat(lock).then(
    ({ mtimeMs }) => Date.now() - mtimeMs,
    () => 0,
  );
  return age > STALE_MS;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) !== 'ESRCH';
  }
}
