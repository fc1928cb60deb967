/**
 * `lading`: what runs everywhere. References, digests, manifests; stores in memory and in registries; the verbs over any of
 * them. What needs Node (disk, credential files, a server's socket) is in `lading/node`.
 */
export { type ErrorCode, type ErrorContext, isOciError, type Missing, OciError, type RegistryErrorEntry } from './errors.ts';
export type { Activity, Bytes, Call, Outcome, WireHeaders, WireResponse } from './model/call.ts';
export type { Annotations, Descriptor } from './model/descriptor.ts';
export {
  type Digest,
  type DigestAlgorithm,
  digestAlgorithm,
  digestHex,
  isDigest,
  parseDigest,
} from './model/digest.ts';
export { parseRegistryName } from './model/domain.ts';
export { type ImageConfig, parseImageConfig } from './model/image-config.ts';
export {
  type ImageIndex,
  type ImageManifest,
  isIndex,
  type Link,
  type LinkRole,
  type Manifest,
} from './model/manifest.ts';
export * as mediaTypes from './model/media-types.ts';
export {
  formatPlatform,
  matchPlatform,
  normalizePlatform,
  parsePlatform,
  type Platform,
  platformOf,
} from './model/platform.ts';
export {
  checkRepositoryName,
  checkTag,
  familiarReference,
  formatReference,
  parseReference,
  type Reference,
  type ReferenceOptions,
  referenceTarget,
  withDefaultTag,
} from './model/reference.ts';
export { compressionOf, type Compression, decompress } from './bytes/decompress.ts';
export type { InflateOptions } from './bytes/compress.ts';
export { createHasher, digestOf, type Hasher } from './bytes/hash.ts';
export { drain, readAll } from './bytes/read.ts';
export { verify, type VerifyOptions } from './bytes/verify.ts';
export { contentFrom, contentOf, manifestFrom, manifestFromDocument, type ReadWindow } from './store/content.ts';
export { createMemoryRegistry, createMemoryStore } from './store/memory.ts';
export { type Additions, overlay } from './store/overlay.ts';
export type * from './store/types.ts';
export { copy, type CopyOptions } from './graph/copy.ts';
export { imageConfig, platformOfImage, select } from './graph/select.ts';
export { type Problem, validate, type ValidateOptions, type Validation } from './graph/validate.ts';
export { type Visit, walk } from './graph/walk.ts';
export type { Clock } from './http/clock.ts';
export { fixedCredentials } from './http/credentials.ts';
export { fetchTransport, type FetchTransportOptions } from './http/fetch-transport.ts';
export { createHosts, type Host, type Hosts, type HostSettings } from './http/hosts.ts';
export type { SendOptions } from './http/pipeline.ts';
export type { RetryPolicy } from './http/retry.ts';
export type { Body, Credential, Credentials, HttpRequest, HttpResponse, Middleware, Send } from './http/types.ts';
export { type Client, type ClientOptions, createClient } from './registry/client.ts';
export type { RawManifest, RawManifestOptions } from './registry/manifest.ts';
export type { Ping } from './registry/ping.ts';
export type { RemoteRegistry } from './registry/registry.ts';
export type { Repository } from './registry/repository.ts';
export type { ManifestHead } from './registry/resolve.ts';
export type { RegistryLimits } from './registry/session.ts';
export type { BlobHead } from './registry/stat.ts';
