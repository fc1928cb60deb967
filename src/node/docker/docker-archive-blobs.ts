/**
 * The files of an archive of `docker save` in the making: a config stands as it is, a layer unpacked, named by its diff id.
 * So layers that are compressed differently at different places are kept once. What they belong to is decided elsewhere.
 */
import type { FileHandle } from 'node:fs/promises';
import { throwIfAborted } from '../../errors.ts';
import { decompress } from '../../bytes/decompress.ts';
import { createHasher, digestOf, hasherFor, hashing } from '../../bytes/hash.ts';
import { readAll } from '../../bytes/read.ts';
import type { Bytes, Call } from '../../model/call.ts';
import { type Digest, digestAlgorithm, digestHex, parseDigest } from '../../model/digest.ts';
import { MAX_CONFIG_BYTES } from '../../model/image-config.ts';
import { isImageConfigType } from '../../model/media-types.ts';
import type { Content } from '../../store/types.ts';
import { requireSpace } from '../directory/free-space.ts';
import { addFile, addStream, endTar, growTar, readFrom } from '../tar/tar-growing.ts';
import { createTurns } from '../directory/turns.ts';

/** Content that was put, and where it stands. */
export interface SavedBlob {
  readonly path: string;
  /** Bytes as it was put. */
  readonly size: number;
  /** The digest of the file. */
  readonly digest: Digest;
}

export interface SavedBlobs {
  /** Names the archive in messages. */
  readonly name: string;
  /** What was put under a digest. */
  get(digest: Digest): SavedBlob | undefined;
  put(content: Content, call: Call): Promise<'exists' | 'written'>;
  /** The bytes of a file. */
  read(blob: SavedBlob, start: number, end: number, call: Call): Bytes;
  /** The digest of a file by the algorithm of another one. */
  digestLike(blob: SavedBlob, like: Digest, call: Call): Promise<Digest>;
  /** Runs a function when nobody writes to the archive. */
  inTurn<T>(run: () => Promise<T>, call?: Call): Promise<T>;
  /** Adds these documents, and ends the archive. */
  finish(documents: ReadonlyMap<string, Uint8Array>): Promise<void>;
}

/** @param folder where the file stands, to know its free space. */
export function createSavedBlobs(handle: FileHandle, name: string, folder: string): SavedBlobs {
  const tar = growTar(handle, name);
  const blobs = new Map<Digest, SavedBlob>();
  const turns = createTurns();
  const inTurn = async <T>(run: () => Promise<T>, { signal }: Call = {}): Promise<T> => {
    const endTurn = await turns('append', signal);
    return run().finally(endTurn);
  };
  const addConfig = async (content: Content, call: Call): Promise<SavedBlob> => {
    const { digest } = content.descriptor;
    const bytes = await readAll(content.open(call), MAX_CONFIG_BYTES, `config ${digest}`);
    const path = `${digestHex(digest)}.json`;
    await addFile(tar, path, bytes);
    return { path, size: bytes.length, digest: digestOf(bytes, digestAlgorithm(digest)) };
  };
  const addLayer = async (content: Content, call: Call): Promise<SavedBlob> => {
    const hasher = createHasher('sha256');
    const plain = hashing(decompress(content.open(call), { signal: call.signal }), hasher);
    const path = await addStream(tar, plain, () => `${digestHex(hasher.copy().digest())}.tar`, call.signal);
    return { path, size: content.descriptor.size, digest: hasher.digest() };
  };
  return {
    name,
    get: (digest) => blobs.get(digest),
    // The turn is taken at once, so that the files stand in the order in which they were put.
    put: (content, call) =>
      inTurn(async () => {
        throwIfAborted(call.signal);
        const { digest, size, mediaType } = content.descriptor;
        parseDigest(digest);
        if (blobs.has(digest)) return 'exists';
        await requireSpace(folder, size, name);
        blobs.set(digest, await (isImageConfigType(mediaType) ? addConfig : addLayer)(content, call));
        return 'written';
      }, call),
    read: ({ path }, start, end, call) => readFrom(tar, path, start, end, call.signal),
    async digestLike({ path, digest }, like, call) {
      if (digestAlgorithm(digest) === digestAlgorithm(like)) return digest;
      const hasher = hasherFor(like);
      for await (const chunk of readFrom(tar, path, 0, Infinity, call.signal)) hasher.update(chunk);
      return hasher.digest();
    },
    inTurn,
    finish: (documents) =>
      inTurn(async () => {
        for (const [path, bytes] of documents) await addFile(tar, path, bytes);
        await endTar(tar);
      }),
  };
}
