/**
 * What a medium must offer to hold an image layout: a directory, a tar archive. Paths are relative, separated by slashes,
 * and made by this folder of parsed digests: no string from outside is ever one.
 */
import type { PourOptions, Transfer } from '../bytes/transfer.ts';
import type { Bytes, Call } from '../model/call.ts';
import type { Descriptor } from '../model/descriptor.ts';
import type { Origin } from '../store/types.ts';

/** Files that can be read. */
export interface ReadTree {
  /** Names it in messages: the path of the directory or archive. */
  readonly name: string;
  /** What its blobs can be mounted from, where there is such a thing. */
  readonly origin?: Origin | undefined;
  /**
   * The size of a regular file in bytes; undefined: nothing is there.
   * @throws OciError `LAYOUT_INVALID` when a link, a device or a directory is there
   */
  stat(path: string): Promise<number | undefined>;
  /**
   * The bytes of a regular file from `start` to before `end`, fewer when it is shorter.
   * @throws OciError `NOT_FOUND`, `LAYOUT_INVALID`
   */
  read(path: string, start: number, end: number, options?: Call): Bytes;
  /** Puts a file of exactly this size into a transfer. @returns false: it has another size, or that cannot be done */
  pour?(path: string, size: number, transfer: Transfer, options?: PourOptions): Promise<boolean>;
}

/** A file in the making, of which nobody else is a writer. */
export interface Draft {
  /** Bytes kept so far: more than none at the beginning when an earlier draft was interrupted. */
  readonly size: number;
  /** The bytes kept so far. */
  read(options?: Call): Bytes;
  /** Adds bytes at the end. When their stream fails, what had come before is kept. */
  append(bytes: Bytes, options?: Call): Promise<void>;
  /**
   * Has an empty one filled with a blob past this thread. What came before a failure is kept.
   * @param pour puts it into the transfer; @returns what that returned; false, too, where there is no such way
   */
  fill?(blob: Descriptor, pour: (transfer: Transfer) => Promise<boolean>): Promise<boolean>;
  /** Drops all bytes. */
  reset(): Promise<void>;
  /** Makes it the file at a path, in one step: before it there is nothing at the path, after it everything. */
  publish(path: string): Promise<void>;
  /** Removes it, unless it was published. */
  discard(): Promise<void>;
  /** Lets go of it; unless it was published, it is kept for whoever drafts it next, where the medium can. */
  close(): Promise<void>;
}

/** Files that can be added, and small ones that can be replaced. */
export interface WriteTree extends ReadTree {
  /**
   * Begins the file at a path, or goes on with it; waits while another writer has it.
   * @param size bytes that it will have.
   * @throws OciError `DISK_FULL` when they have no room
   */
  draft(path: string, size: number, options?: Call): Promise<Draft>;
  /** Writes a small file in one step, durably; only under the lock. */
  replace(path: string, bytes: Uint8Array): Promise<void>;
  /**
   * Runs a function while nobody else, in this process or another, is in the lock.
   * @throws OciError `CONFLICT` when somebody holds it for too long
   */
  lock<T>(run: () => Promise<T>, options?: Call): Promise<T>;
  /** Takes a file over from another tree of the same registry without a copy of its bytes; false: that cannot be done. */
  adopt(path: string, from: Origin): Promise<boolean>;
}

/** All that a store needs. */
export interface LayoutTree extends WriteTree {
  /** A file whose path is learnt at the end, by its name of letters, digits and `-`; undefined: there is none, and none is to be begun. */
  upload(id: string, options: Call & { readonly begin: boolean }): Promise<Draft | undefined>;
  remove(path: string): Promise<boolean>;
  /** The names of the regular files in a folder; none when there is no folder. */
  list(folder: string): AsyncIterable<string>;
  /**
   * Removes what interrupted writers left and nobody has touched for so long.
   * @returns the bytes that it held.
   */
  sweep(options: { readonly olderThanMs: number; readonly dryRun: boolean }): Promise<number>;
}
