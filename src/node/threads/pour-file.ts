/** An open file into a transfer. */
import type { FileHandle } from 'node:fs/promises';
import { abortError, throwIfAborted } from '../../errors.ts';
import type { PourOptions, Transfer } from '../../bytes/transfer.ts';
import { fsError } from '../files/fs-errors.ts';
import { watchSignal } from '../http/watch-signal.ts';
import { ThreadFailure } from './threads.ts';
import { causeOf, sinkEnded, threadTransfer } from './transfers.ts';

/**
 * @param path names the file in errors.
 * @returns false: it cannot go (on) this way
 */
export async function pourFile(
  handle: FileHandle,
  size: number,
  transfer: Transfer,
  { signal, onReceived }: PourOptions,
  path: string,
): Promise<boolean> {
  throwIfAborted(signal);
  const into = threadTransfer(transfer);
  if (into === undefined) return false;
  let failure: { readonly error: unknown } | undefined;
  const stop = (): void => void into.close();
  const silence = into.call.listen((news) => {
    try {
      if ('received' in news) onReceived?.(news.received);
    } catch (error) {
      failure ??= { error };
      stop();
    }
  });
  const unwatch = watchSignal(signal, stop);
  try {
    await into.moveFile(handle.fd, size);
    return true;
  } catch (error) {
    if (signal?.aborted === true) throw abortError(signal);
    if (failure !== undefined) throw failure.error;
    if (!(error instanceof ThreadFailure)) throw error;
    const { where } = error.failure;
    if (where === 'thread') return false;
    if (where === 'sink') throw sinkEnded(error);
    throw fsError(causeOf(error), where === 'file' ? `write ${into.path}` : `read ${path}`);
  } finally {
    silence();
    unwatch();
  }
}
