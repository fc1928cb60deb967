/** What one client can make this server hold. */

export interface ServerLimits {
  /** The largest manifest that is taken, bytes. @default 4 MiB, what the specification asks of every registry */
  readonly manifestBytes: number;
  /** The largest page of a list, and the one given when nobody asks. @default 1000 */
  readonly pageSize: number;
  /** Uploads that one repository may have open at a time. @default 1000 */
  readonly uploadsPerRepository: number;
  /** How long an upload may rest before it is given up, milliseconds. @default 24 hours */
  readonly uploadIdleMs: number;
  /** Announced as `OCI-Chunk-Min-Length`, bytes; it is advice to clients, no chunk is refused. @default 0, not announced */
  readonly minChunkBytes: number;
  /** `tag` parameters of one manifest PUT; the specification asks for 10 at least. @default 100 */
  readonly tagsPerPut: number;
}

export const defaultLimits: ServerLimits = {
  manifestBytes: 4 * 1024 * 1024,
  pageSize: 1000,
  uploadsPerRepository: 1000,
  uploadIdleMs: 24 * 60 * 60 * 1000,
  minChunkBytes: 0,
  tagsPerPut: 100,
};
