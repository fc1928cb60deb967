/** Bodies that a test feeds by hand. */

export interface Feed {
  readonly stream: ReadableStream<Uint8Array>;
  push(chunk: Uint8Array): void;
  end(): void;
  /** As when the client has gone. */
  fail(error: unknown): void;
  /** Was it cancelled by who reads it? */
  readonly cancelled: boolean;
}

export function createFeed(): Feed {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  let cancelled = false;
  const stream = new ReadableStream<Uint8Array>({
    start: (given) => void (controller = given),
    cancel: () => void (cancelled = true),
  });
  return {
    stream,
    push: (chunk) => controller?.enqueue(chunk),
    end: () => controller?.close(),
    fail: (error) => controller?.error(error),
    get cancelled() {
      return cancelled;
    },
  };
}

/** A body of these chunks. */
export function streamOfChunks(...chunks: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
}

/** Lets everything run that is ready to. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}
