/**
 * `lading`: what runs everywhere. References, digests, manifests; stores in memory and in registries; the verbs over any of
 * them. What needs Node (disk, credential files, a server's socket) is in `lading/node`.
 */
export {
  type ErrorCode,
  type ErrorContext,
  isOciError,
  type Missing,
  OciError,
  type RegistryErrorEntry,
} from './errors.ts';
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
export { parseAnyReference } from './model/any-reference.ts';
export { parseRegistryName } from './model/domain.ts';
export { type HistoryEntry, type ImageConfig, parseImageConfig } from './model/image-config.ts';
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
  checkDomain,
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
export {
  type IndexedReference,
  parseIndex,
  parseIndexedReference,
  parseRepo,
  parseRepoAndRef,
  parseRepoAndTag,
  type RegistryIndex,
  type RepoName,
  type RepoReference,
} from './model/repo-name.ts';
export {
  parseSchema1,
  type Schema1,
  type Schema1Document,
  type Schema1Image,
  type Schema1Layer,
  schema1Payload,
} from './model/schema1.ts';
export { type PublicJwk, type Schema1Signature, verifySchema1 } from './model/schema1-signature.ts';
export { compressionOf, type Compression, decompress } from './bytes/decompress.ts';
export type { InflateOptions } from './bytes/compress.ts';
export { createHasher, digestOf, type Hasher } from './bytes/hash.ts';
export { drain, readAll } from './bytes/read.ts';
export type { Pour, PourOptions, Transfer } from './bytes/transfer.ts';
export { verify, type VerifyOptions } from './bytes/verify.ts';
export { type Cache, memoryCache } from './store/cache.ts';
export { contentFrom, contentOf, manifestFrom, manifestFromDocument, type ReadWindow } from './store/content.ts';
export { createMemoryRegistry, createMemoryStore } from './store/memory.ts';
export { type Additions, overlay } from './store/overlay.ts';
export type * from './store/types.ts';
export type { Turn } from './store/turn.ts';
export { copy, type CopyOptions } from './graph/copy.ts';
export {
  carryOut,
  type CarryOutOptions,
  deleteRepository,
  type DeleteRepositoryOptions,
  type DeletionStep,
  type LeftManifest,
  type RepositoryDeletion,
} from './graph/delete-repository.ts';
export { createMountable, type Mountable } from './graph/mountable.ts';
export { type DeletionPlan, planDeletion, type PlannedDeletion, type PlanOptions } from './graph/plan-deletion.ts';
export { search } from './graph/search.ts';
export { imageConfig, platformOfImage, select } from './graph/select.ts';
export { type TagDigest, tagDigests, type TagDigestsOptions } from './graph/tag-digests.ts';
export { type Problem, validate, type ValidateOptions, type Validation } from './graph/validate.ts';
export { type Visit, walk } from './graph/walk.ts';
export { append, type AppendOptions } from './image/change/append.ts';
export { type ArtifactOptions, isMediaType, packArtifact, type PackedArtifact } from './image/attached/artifact.ts';
export {
  type ArtifactFile,
  type ArtifactFiles,
  artifactFiles,
  type ArtifactFilesOptions,
} from './image/attached/artifact-files.ts';
export {
  attached,
  type Attached,
  type AttachedFilter,
  type AttachedOptions,
  type AttachedScheme,
} from './image/attached/attached.ts';
export { chained } from './image/change/chain.ts';
export {
  type Change,
  type Changed,
  type ChangedImage,
  changeImages,
  type ChangeOptions,
  type ImageChange,
  type ImageToChange,
} from './image/change/change.ts';
export {
  type BaseCheck,
  type BaseOutcome,
  checkBase,
  type CheckBaseOptions,
  type CheckedBase,
} from './image/change/check-base.ts';
export { convert, type Converted, type ConvertOptions } from './image/change/convert.ts';
export type { ImageComparison } from './image/diff/comparison.ts';
export { DIFF_SECTIONS, type DiffOptions, type DiffSection } from './image/diff/diff-options.ts';
export type { FieldChange } from './image/diff/fields.ts';
export type { FileChange } from './image/diff/files.ts';
export type { HistoryChange } from './image/diff/history.ts';
export { diffImages, type ImageDiff } from './image/diff/image-diff.ts';
export type { DiffEnd } from './image/diff/image-pairs.ts';
export type { LayerChange } from './image/diff/layers.ts';
export type { PackageChange } from './image/diff/packages.ts';
export { exportTar } from './image/files/export.ts';
export type { FileEntry, FileType } from './image/files/file-entry.ts';
export {
  type FileBody,
  type FileSystem,
  type FileSystemOptions,
  type ListFilesOptions,
  openFileSystem,
  type StatOptions,
} from './image/files/file-system.ts';
export { flatten, type FlattenOptions } from './image/change/flatten.ts';
export { type Image, openImage } from './image/image.ts';
export {
  addToIndex,
  annotateIndex,
  createIndex,
  filterIndex,
  removeFromIndex,
} from './image/index/image-index.ts';
export { type ImageEdits, mutate } from './image/change/mutate.ts';
export { type BaseImage, rebase, type RebaseOptions } from './image/change/rebase.ts';
export { type FileChoice, removeLayers, type RemoveLayersOptions } from './image/change/remove-layers.ts';
export { scratch } from './image/change/scratch.ts';
export { setTimes, type TimeOptions } from './image/change/times.ts';
export { LAYER_FORMS, type LayerForm } from './image/layer/form.ts';
export { layerFrom, type LayerOptions, layerType, type NewLayer } from './image/layer/layer.ts';
export { type ImagePlatform, platformsOf } from './image/platforms.ts';
export { convertSchema1, type ConvertSchema1Options, schema1Blobs } from './image/schema1/schema1.ts';
export {
  contentSize,
  type ImageSize,
  imageSizes,
  type ImageSizesOptions,
  type SizePart,
  type SizeTotal,
  totalSize,
} from './image/size.ts';
export type { Clock } from './http/clock.ts';
export { fixedCredentials } from './http/credentials.ts';
export type { KeptToken, TokenIssue, TokenStore } from './http/token-store.ts';
export { fetchTransport, type FetchTransportOptions } from './http/fetch-transport.ts';
export { createHosts, type Host, type Hosts, type HostSettings } from './http/hosts.ts';
export type { SendOptions } from './http/pipeline.ts';
export type { RetryPolicy } from './http/retry.ts';
export type { Body, Credential, Credentials, HttpRequest, HttpResponse, Middleware, Send } from './http/types.ts';
export { type Client, type ClientOptions, createClient } from './registry/client.ts';
export type { RawManifest, RawManifestOptions } from './registry/manifest.ts';
export type { PageOptions, RepositoryPage, TagPage } from './registry/list-page.ts';
export type { AuthChallenge, Ping } from './registry/ping.ts';
export type { RemoteRegistry } from './registry/registry.ts';
export type { Repository } from './registry/repository.ts';
export type { OwnRequest } from './registry/request.ts';
export type { ManifestHead } from './registry/resolve.ts';
export type { RegistryLimits } from './registry/session.ts';
export type { BlobHead } from './registry/stat.ts';
export { createV1Client, type V1Client, type V1ClientOptions } from './v1/client.ts';
export type { V1Image } from './v1/documents.ts';
export type { V1ImageDocument, V1ImageJson } from './v1/image.ts';
export type { V1Layer, V1LayerOptions } from './v1/layer.ts';
export type { V1Account } from './v1/login.ts';
export type { V1Limits } from './v1/place.ts';
export type { V1Ping } from './v1/ping.ts';
export type { V1SearchResult } from './v1/search.ts';
