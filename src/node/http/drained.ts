/** Waits until what is written to takes more, is closed, or nobody wants to write any more. */
export function drained(to: Pick<NodeJS.WritableStream, 'once' | 'off'>, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      to.off('drain', done).off('close', done);
      stop.removeEventListener('abort', done);
      resolve();
    };
    to.once('drain', done).once('close', done);
    stop.addEventListener('abort', done, { once: true });
  });
}
