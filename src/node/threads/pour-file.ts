/** An open file into a transfer. */
import type { FileHandle } from 'node:fs/promises';
import { abortError, throwIfAborted } from '../../errors.ts';
import type { PourOptions, Transfer } from '../../bytes/transfer.ts';
import { fsError } from '../files/fs-errors.ts';
import { ThreadFailure } from './threads.ts';
import { causeOf, sinkEnded, threadTransfer } from './transfers.ts';

/**
 * @param path names the file in errors.
 * @returns true: all of it was put in
 */
export async function pourFile(
  handle: FileHandle,
  size: number,
  transfer: Transfer,
  { signal, onReceived }: PourOptions,
  path: string,
): Promise<true> {
  throwIfAborted(signal);
  const into = threadTransfer(transfer);
  const silence = into.call.listen((news) => {
    if ('received' in news) onReceived?.(news.received);
  });
  const stop = (): void => void into.close();
  signal?.addEventListener('abort', stop, { once: true });
  try {
    await into.takeFile(handle.fd, size);
    return true;
  } catch (error) {
    if (signal?.aborted === true) throw abortError(signal);
    if (!(error instanceof ThreadFailure)) throw error;
    if (error.failure.where === 'sink') throw sinkEnded(error);
    throw fsError(causeOf(error), error.failure.where === 'file' ? `write ${into.path}` : `read ${path}`);
  } finally {
    silence();
    signal?.removeEventListener('abort', stop);
  }
}
