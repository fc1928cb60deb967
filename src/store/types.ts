/** The nouns: content, and the places that it can be read from, written to and deleted from. */
import type { Hasher } from '../bytes/hash.ts';
import type { Pour } from '../bytes/transfer.ts';
import type { Bytes, Call } from '../model/call.ts';
import type { Descriptor } from '../model/descriptor.ts';
import type { Digest } from '../model/digest.ts';
import type { Manifest } from '../model/manifest.ts';
import type { Turn } from './turn.ts';

/** Where content could be mounted from: a repository of a registry. Data, not a wrapper. */
export interface Origin {
  /** The registry's canonical name, e.g. `docker.io` or `localhost:5000`. */
  readonly registry: string;
  readonly repository: string;
}

export interface OpenOptions extends Call {
  /** The first byte wanted; 0 unless told. */
  readonly start?: number | undefined;
  /** The byte after the last one wanted; the size unless told. A window that does not reach the end is not verified by the digest. */
  readonly end?: number | undefined;
  /** The hash state of the bytes before `start`: the read is then verified whole. */
  readonly prefix?: Hasher | undefined;
}

/** Bytes with a known digest. It opens as often as asked and verifies itself. */
export interface Content {
  readonly descriptor: Descriptor;
  readonly origin?: Origin | undefined;
  /**
   * Opens the bytes. A whole read fails before its end when the bytes are wrong.
   * @throws OciError `NOT_FOUND`, `DIGEST_MISMATCH`, `SIZE_MISMATCH` (all while it is read)
   */
  open(options?: OpenOptions): Bytes;
  /** Puts all bytes into a transfer instead, where the place can do that. @throws OciError as `open` does */
  readonly pour?: Pour | undefined;
}

export interface ListOptions extends Call {
  /** List what comes after this name. */
  readonly last?: string | undefined;
  /** How many to ask for at a time; the whole listing is given whatever it is. */
  readonly pageSize?: number | undefined;
}

export interface ReferrersOptions extends Call {
  /** Only those of this artifact type. */
  readonly artifactType?: string | undefined;
}

export interface ResolveOptions extends Call {
  /**
   * What it stands for decides what will be written there: the place itself is asked, no mirror of it, and with the rights that the
   * writing needs, so that one token does for both.
   */
  readonly forWriting?: boolean | undefined;
}

export interface PutBlobOptions extends Call {
  /** Bytes are moved inside it; what is asked before (is it there, can it be mounted?) needs none. At once unless told. */
  readonly turn?: Turn | undefined;
}

export interface PutManifestOptions extends Call {
  /** Names for it; without any it is kept under its digest. */
  readonly tags?: readonly string[] | undefined;
  /** Write only if the tag still names this digest (`CONFLICT` otherwise). */
  readonly ifMatch?: Digest | undefined;
  /**
   * What tags were found to stand for, undefined: nothing, by who has asked just now: they need not be asked again. With `ifMatch` they are.
   */
  readonly standing?: ReadonlyMap<string, Digest | undefined> | undefined;
  /**
   * A manifest that contains it is put next, and keeps it: until then a place that keeps manifests by a list of them, such as an image
   * layout, may keep it as it keeps a blob.
   */
  readonly isPart?: boolean | undefined;
}

/** One repository's content, to be read. */
export interface Source {
  /** Tag or digest to descriptor; undefined: not there. */
  resolve(reference: string, options?: ResolveOptions): Promise<Descriptor | undefined>;
  /** @throws OciError `NOT_FOUND`, `MANIFEST_INVALID`, `DIGEST_MISMATCH` */
  manifest(reference: string | Descriptor, options?: Call): Promise<Manifest>;
  /** The size of a blob, if it is there. */
  stat(blob: Digest, options?: Call): Promise<Descriptor | undefined>;
  /** Lazy: no I/O before it is opened. */
  blob(descriptor: Descriptor): Content;
  /** All tags, in the order of the store. */
  tags(options?: ListOptions): AsyncIterable<string>;
  /** What is attached to a manifest. */
  referrers(subject: Descriptor, options?: ReferrersOptions): AsyncIterable<Descriptor>;
}

/** One repository's content, to be read and written. */
export interface Target extends Source {
  /** @throws OciError `DIGEST_MISMATCH`, `SIZE_MISMATCH`: then nothing is kept. */
  putBlob(content: Content, options?: PutBlobOptions): Promise<'exists' | 'mounted' | 'written'>;
  /** @throws OciError `MANIFEST_BLOB_UNKNOWN` when something it refers to is not there, `CONFLICT` */
  putManifest(manifest: Manifest, options?: PutManifestOptions): Promise<'exists' | 'written'>;
}

/** What is to be deleted: exactly one of a tag, a manifest with all its tags, or a blob. */
export type Deletion = { readonly tag: string } | { readonly manifest: Digest } | { readonly blob: Digest };

export interface Store extends Target {
  delete(what: Deletion, options?: Call): Promise<'deleted' | 'absent'>;
}

/** Many repositories. */
export interface Registry {
  /** No I/O, no check that it exists. @throws OciError `REFERENCE_INVALID` */
  repository(name: string): Store;
  repositories(options?: ListOptions): AsyncIterable<string>;
}

/** Bytes on their way into a store, whose digest is learnt at the end. */
export interface Ingest {
  /** Names it among the uploads of its repository. */
  readonly id: string;
  /** Bytes kept so far. */
  readonly size: number;
  /** Adds bytes. When the stream fails, what had come before stays. */
  append(bytes: Bytes, options?: Call): Promise<void>;
  /** Makes it a blob. @throws OciError `DIGEST_MISMATCH`: then it is still open */
  commit(digest: Digest, options?: Call): Promise<Descriptor>;
  abort(): Promise<void>;
}

/** A store that takes bytes before their digest is known. */
export interface IngestStore extends Store {
  ingest(options?: Call): Promise<Ingest>;
  /** An ingest begun before, by this process or another. */
  resumeIngest(id: string, options?: Call): Promise<Ingest | undefined>;
}

/** A registry that can be served. */
export interface IngestRegistry extends Registry {
  repository(name: string): IngestStore;
}
