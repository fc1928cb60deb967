/** `lading/node`: what needs Node. The client with the machine's settings, layouts on the disk, credential files, a server's socket. */
export type { Client, ClientOptions } from '../registry/client.ts';
export type { V1Client, V1ClientOptions } from '../v1/client.ts';
export { type ArtifactFileOptions, openArtifactFile } from './artifact-files.ts';
export { type PulledFile, pullFiles, type PullFilesOptions } from './artifact-pull.ts';
export { cacheDirectory, type CacheDirectoryOptions } from './cache-directory.ts';
export { createClient, createV1Client } from './client.ts';
export type { DirectoryOptions } from './directory-tree.ts';
export { directoryTree } from './directory-tree.ts';
export { directoryRegistry } from './directory-registry.ts';
export { directoryStore } from './directory.ts';
export {
  type CredentialExplanation,
  type CredentialStep,
  dockerCredentials,
  type DockerCredentialsOptions,
  explainCredentials,
} from './docker-config.ts';
export { freeBytes } from './free-space.ts';
export { keepManifest, keptManifest } from './kept-manifest.ts';
export { type LayerArchive, readLayer, type ReadLayerOptions } from './layer-archive.ts';
export {
  type LayerFile,
  pullLayers,
  type PullLayersOptions,
  pushLayers,
  type PushLayersOptions,
} from './layer-files.ts';
export { formatLocator, type Locator, parseLocator, parseTargetLocator } from './locator.ts';
export { openPlace, openSource, openTarget } from './locator-open.ts';
export { type CredentialPlace, eraseCredential, type LoginOptions, storeCredential } from './login.ts';
export type { Resolve, Resolved } from './lookup.ts';
export type { ProxySetting } from './proxy.ts';
export { saveContent } from './save-content.ts';
export { createDockerDaemon, type DockerDaemonOptions, openDockerDaemon, type SavedByEngine } from './docker-daemon.ts';
export type { EngineOptions } from './docker-daemon-host.ts';
export { createDockerArchive, openDockerArchive } from './docker-archive-file.ts';
export { extract, type Extracted, type ExtractOptions } from './extract.ts';
export { fileContent, type FileContentOptions } from './file-content.ts';
export { serve, type Served, type ServeOptions, type ServeTls } from './serve.ts';
export { spoolToDisk } from './spool.ts';
export { createTarLayout, type CreateTarOptions, openTarLayout, type TarLayout } from './tar-file.ts';
export { defaultTimeouts, type Timeouts } from './timeouts.ts';
export { certificateDirectories, readTlsFiles, type TlsFiles, type TlsSettings } from './tls.ts';
export { nodeTransport, type NodeTransportOptions } from './transport.ts';
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
