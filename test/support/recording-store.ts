/** A store that writes down what is asked of it, and can be told to answer otherwise. */
import { createMemoryStore } from '../../src/store/memory.ts';
import type { IngestStore, Store } from '../../src/store/types.ts';

export interface RecordingStore extends Store {
  /** One line a call: the verb and what it was about. */
  readonly calls: string[];
  /** The store behind it. */
  readonly inner: IngestStore;
}

/** Records calls on their way to a store in memory; `overrides` answer in place of it. */
export function recordingStore(
  overrides: Partial<Store> = {},
  inner: IngestStore = createMemoryStore(),
): RecordingStore {
  const calls: string[] = [];
  const answer: Store = { ...inner, ...overrides };
  return {
    calls,
    inner,
    resolve(reference, options) {
      calls.push(`resolve ${reference}`);
      return answer.resolve(reference, options);
    },
    manifest(reference, options) {
      calls.push(`manifest ${typeof reference === 'string' ? reference : reference.digest}`);
      return answer.manifest(reference, options);
    },
    stat(blob, options) {
      calls.push(`stat ${blob}`);
      return answer.stat(blob, options);
    },
    blob: (descriptor) => answer.blob(descriptor),
    tags: (options) => answer.tags(options),
    referrers(subject, options) {
      calls.push(`referrers ${subject.digest}`);
      return answer.referrers(subject, options);
    },
    putBlob(content, options) {
      calls.push(`putBlob ${content.descriptor.digest}`);
      return answer.putBlob(content, options);
    },
    putManifest(manifest, options) {
      calls.push(`putManifest ${manifest.descriptor.digest} ${(options?.tags ?? []).join(',')}`.trim());
      return answer.putManifest(manifest, options);
    },
    delete: (what, options) => answer.delete(what, options),
  };
}
