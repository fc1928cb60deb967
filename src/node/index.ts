/** `lading/node`: what needs Node. The client with the machine's settings, layouts on the disk, credential files, a server's socket. */
export type { Client, ClientOptions } from '../registry/client.ts';
export type { V1Client, V1ClientOptions } from '../v1/client.ts';
export { type ArtifactFileOptions, openArtifactFile } from './artifact/artifact-files.ts';
export { type PulledFile, pullFiles, type PullFilesOptions } from './artifact/artifact-pull.ts';
export { cacheDirectory, type CacheDirectoryOptions } from './files/cache-directory.ts';
export { createClient, createV1Client } from './client.ts';
export type { DirectoryOptions } from './directory/directory-tree.ts';
export { directoryTree } from './directory/directory-tree.ts';
export { directoryRegistry } from './directory/directory-registry.ts';
export { directoryStore } from './directory/directory.ts';
export {
  type CredentialExplanation,
  type CredentialStep,
  dockerCredentials,
  type DockerCredentialsOptions,
  explainCredentials,
} from './credentials/docker-config.ts';
export { freeBytes } from './directory/free-space.ts';
export { keepManifest, keptManifest } from './layers/kept-manifest.ts';
export { type LayerArchive, readLayer, type ReadLayerOptions } from './tar/layer-archive.ts';
export {
  type LayerFile,
  pullLayers,
  type PullLayersOptions,
  pushLayers,
  type PushLayersOptions,
} from './layers/layer-files.ts';
export { formatLocator, type Locator, parseLocator, parseTargetLocator } from './locator.ts';
export { openPlace, openSource, openTarget } from './locator-open.ts';
export { fileTokenStore, type FileTokenStoreOptions } from './credentials/token-file.ts';
export type { KeptToken, TokenIssue, TokenStore } from '../http/token-store.ts';
export { type CredentialPlace, eraseCredential, type LoginOptions, storeCredential } from './credentials/login.ts';
export type { Resolve, Resolved } from './http/lookup.ts';
export type { ProxySetting } from './http/proxy.ts';
export { saveContent } from './files/save-content.ts';
export {
  createDockerDaemon,
  type DockerDaemonOptions,
  openDockerDaemon,
  type SavedByEngine,
} from './docker/docker-daemon.ts';
export type { EngineOptions } from './docker/docker-daemon-host.ts';
export { createDockerArchive, openDockerArchive } from './docker/docker-archive-file.ts';
export { extract, type Extracted, type ExtractOptions } from './extract/extract.ts';
export { fileContent, type FileContentOptions } from './files/file-content.ts';
export { serve, type Served, type ServeOptions, type ServeTls } from './serve/serve.ts';
export { spoolToDisk } from './files/spool.ts';
export { createTarLayout, type CreateTarOptions, openTarLayout, type TarLayout } from './tar/tar-file.ts';
export { defaultTimeouts, type Timeouts } from './http/timeouts.ts';
export { certificateDirectories, readTlsFiles, type TlsFiles, type TlsSettings } from './http/tls.ts';
export { nodeTransport, type NodeTransportOptions } from './http/transport.ts';
export type { AttestationPolicy, CertificateIdentity, CertificatePolicy, VerifyPolicy } from './verify/policy.ts';
export type { Provenance, ProvenanceSource } from './verify/provenance.ts';
export type { Signer } from './verify/prover.ts';
export type { SignedFormat } from './verify/candidates.ts';
export {
  type Rejected,
  type SignedPlace,
  type Verification,
  type Verified,
  verifyImage,
  type VerifyImageOptions,
} from './verify/verify-image.ts';
