/** Content that writes down how it is opened, and can break off. */
import { OciError } from '../../src/errors.ts';
import type { Descriptor } from '../../src/model/descriptor.ts';
import { contentOf } from '../../src/store/content.ts';
import type { Content, OpenOptions } from '../../src/store/types.ts';

export interface WatchedContent extends Content {
  /** The first byte that each opening asked for. */
  readonly starts: number[];
}

/** @param breakAt bytes after which the first opening fails with `the cable was cut`. */
export function watched(content: Content, breakAt: number = Number.POSITIVE_INFINITY): WatchedContent {
  const starts: number[] = [];
  return {
    ...content,
    starts,
    open(options: OpenOptions = {}) {
      starts.push(options.start ?? 0);
      const bytes = content.open(options);
      return starts.length > 1 ? bytes : cut(bytes, breakAt);
    },
  };
}

async function* cut(bytes: AsyncIterable<Uint8Array>, at: number): AsyncGenerator<Uint8Array> {
  let left = at;
  for await (const chunk of bytes) {
    yield chunk.subarray(0, left);
    left -= chunk.length;
    if (left <= 0) throw new Error('the cable was cut');
  }
}

/** The bytes of a verified source that says something else than its digest: in place of byte `at`, another one. */
export function damaged(content: Content, at: number): Content {
  return contentOf(content.descriptor, async function* (start, end) {
    let position = start;
    for await (const chunk of content.open({ start, end: Math.min(end, content.descriptor.size) })) {
      const copy = chunk.slice();
      if (at >= position && at < position + copy.length) copy[at - position] = (copy[at - position] ?? 0) ^ 1;
      position += copy.length;
      yield copy;
    }
  });
}

/** Content that stalls after its first byte, and ends only by the signal of its caller. */
export function endlessContent(descriptor: Descriptor): Content & { isOpen(): boolean } {
  let open = 0;
  return {
    descriptor,
    isOpen: () => open > 0,
    async *open({ signal } = {}) {
      open++;
      try {
        yield new Uint8Array(1);
        await new Promise((_, reject) => {
          const stop = (): void => reject(new OciError('ABORTED', 'the operation was aborted'));
          if (signal?.aborted === true) stop();
          signal?.addEventListener('abort', stop);
        });
      } finally {
        open--;
      }
    },
  };
}
