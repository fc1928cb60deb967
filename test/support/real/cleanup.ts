/** Opening several things of which any may fail: what was opened before the failure is closed again. */

type Close = () => unknown;

/** Something that runs until it is stopped. */
export interface Running {
  readonly stop: () => Promise<void>;
}

/**
 * Opens things one after the other.
 * @param open announces how to close each as soon as it is open; they are closed in reverse order.
 */
export async function opening<T extends object>(
  open: (closeLater: (close: Close) => void) => Promise<T>,
): Promise<T & Running> {
  const closers: Close[] = [];
  const stop = async (): Promise<void> => {
    for (let close = closers.pop(); close !== undefined; close = closers.pop()) await close();
  };
  try {
    return { ...(await open((close) => closers.push(close))), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
