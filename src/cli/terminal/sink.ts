/** Writing to an output stream with back-pressure. A reader that has gone away (`| head`) is recognised, not reported. */
import { fsError } from '../../node/files/fs-errors.ts';
import type { OutputStream } from '../standard-output.ts';

export interface Sink {
  /** Settles when the bytes are handed over. @throws OciError `DISK_FULL`, `IO`; of a closed pipe its own error, see {@link isClosedPipe} */
  write(chunk: string | Uint8Array): Promise<void>;
  /** Stops listening to the stream's errors; the stream itself stays open. */
  close(): void;
}

export function sinkOf(stream: OutputStream): Sink {
  let failure: Error | undefined;
  // Without a listener a late EPIPE would end the process with a stack trace.
  const remember = (error: Error): void => {
    failure ??= error;
  };
  stream.on('error', remember);
  return {
    write: (chunk) =>
      new Promise((resolve, reject) => {
        if (failure !== undefined) return reject(fsError(failure, 'write the output'));
        stream.write(chunk, (error) => (error ? reject(fsError(error, 'write the output')) : resolve()));
      }),
    close: () => {
      if (failure === undefined) stream.off('error', remember);
    },
  };
}

/** Is it the error of writing to a pipe that nobody reads any more? */
export function isClosedPipe(error: unknown): boolean {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return code === 'EPIPE' || code === 'ERR_STREAM_DESTROYED' || code === 'ERR_STREAM_WRITE_AFTER_END';
}
