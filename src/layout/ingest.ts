/**
 * Bytes whose digest is learnt at the end. They are hashed as they arrive; where they came in parts, or through another
 * process, what was not seen is read back once, before the commit.
 */
import { OciError } from '../errors.ts';
import { createHasher, type Hasher, hasherFor } from '../bytes/hash.ts';
import { digestMismatch } from '../bytes/verify.ts';
import type { Bytes, Call } from '../model/call.ts';
import type { Descriptor } from '../model/descriptor.ts';
import { type Digest, digestAlgorithm } from '../model/digest.ts';
import { OCTET_STREAM } from '../model/media-types.ts';
import type { Ingest } from '../store/types.ts';
import { blobPath } from './paths.ts';
import type { Draft, LayoutTree } from './tree.ts';

/** How far the bytes of an upload have been hashed. */
interface Seen {
  hasher: Hasher;
  bytes: number;
}

export interface Ingests {
  begin(options: Call): Promise<Ingest>;
  resume(id: string, options: Call): Promise<Ingest | undefined>;
}

const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Hash states that are remembered; without one, an upload is read back at its commit. */
const MAX_REMEMBERED = 1000;

export function ingestsOf(tree: LayoutTree): Ingests {
  const remembered = new Map<string, Seen>();
  const seenOf = (id: string): Seen => {
    const seen = remembered.get(id) ?? { hasher: createHasher('sha256'), bytes: 0 };
    remembered.delete(id);
    remembered.set(id, seen);
    const [oldest] = remembered.keys();
    if (remembered.size > MAX_REMEMBERED && oldest !== undefined) remembered.delete(oldest);
    return seen;
  };
  const open = async (id: string, begin: boolean, options: Call): Promise<Ingest | undefined> => {
    const draft = await tree.upload(id, { ...options, begin });
    if (draft === undefined) return undefined;
    const { size } = draft;
    await draft.close();
    return ingestOf(tree, id, size, seenOf(id), () => remembered.delete(id));
  };
  return {
    async begin(options) {
      const ingest = await open(crypto.randomUUID(), true, options);
      if (ingest === undefined) throw new OciError('IO', `${tree.name}: no upload could be begun`);
      return ingest;
    },
    resume: async (id, options) => (ID.test(id) ? open(id, false, options) : undefined),
  };
}

function ingestOf(tree: LayoutTree, id: string, begun: number, seen: Seen, forget: () => void): Ingest {
  let size = begun;
  /** Uploads are open only while something is done to them: an abandoned one holds nothing but disk. */
  const within = async <T>(options: Call, work: (draft: Draft) => Promise<T>): Promise<T> => {
    const draft = await tree.upload(id, { ...options, begin: false });
    if (draft === undefined) throw new OciError('UPLOAD_INVALID', `${tree.name}: the upload ${id} is no longer there`);
    try {
      return await work(draft);
    } finally {
      size = draft.size;
      await draft.close();
    }
  };
  return {
    id,
    get size() {
      return size;
    },
    append: (bytes, options = {}) => within(options, (draft) => append(draft, bytes, seen, options)),
    async commit(digest, options = {}) {
      const path = blobPath(digest);
      const descriptor = await within(options, async (draft) => {
        await check(draft, digest, seen, options);
        const descriptor: Descriptor = { mediaType: OCTET_STREAM, digest, size: draft.size };
        if ((await tree.stat(path)) === draft.size) await draft.discard();
        else await draft.publish(path);
        return descriptor;
      });
      forget();
      return descriptor;
    },
    async abort() {
      await within({}, (draft) => draft.discard());
      forget();
    },
  };
}

async function append(draft: Draft, bytes: Bytes, seen: Seen, options: Call): Promise<void> {
  const isCurrent = seen.bytes === draft.size;
  try {
    await draft.append(isCurrent ? hashing(bytes, seen) : bytes, options);
  } finally {
    if (isCurrent && seen.bytes !== draft.size) Object.assign(seen, { hasher: createHasher('sha256'), bytes: 0 });
  }
}

async function* hashing(bytes: Bytes, seen: Seen): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    seen.hasher.update(chunk);
    seen.bytes += chunk.length;
    yield chunk;
  }
}

async function check(draft: Draft, digest: Digest, seen: Seen, options: Call): Promise<void> {
  const isSeen = seen.bytes === draft.size && digestAlgorithm(digest) === 'sha256';
  const hasher = isSeen ? seen.hasher : hasherFor(digest);
  if (!isSeen) for await (const chunk of draft.read(options)) hasher.update(chunk);
  const actual = hasher.copy().digest();
  if (actual !== digest) throw digestMismatch(digest, actual);
}
