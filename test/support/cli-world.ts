/** A registry on a socket with a few images in it, for commands to work on. What is in it is the same every time. */
import { serve } from '../../src/node/serve/serve.ts';
import type { AccessLogEntry } from '../../src/server/access-log.ts';
import type { ServerOptions } from '../../src/server/app.ts';
import { createMemoryRegistry } from '../../src/store/memory.ts';
import type { IngestRegistry } from '../../src/store/types.ts';
import { type Built, buildImage, type ImageSpec, putArtifact, putImage, putIndex } from '../../src/testing/fixtures.ts';

export interface World {
  /** `127.0.0.1:34567` */
  readonly host: string;
  readonly registry: IngestRegistry;
  /** `team/app`: tags 1.0, 1.1, latest; linux/amd64 and linux/arm64, with an SBOM attached. */
  readonly app: Built;
  /** `team/single`: tag 1, linux/amd64. */
  readonly single: Built;
  readonly sbom: Built;
  /** What was asked of it so far. */
  readonly requests: AccessLogEntry[];
  /** A text in which this world's name is `REGISTRY`. */
  neutral(text: string): string;
  close(): Promise<void>;
}

const created = '2024-05-06T07:08:09Z';

const amd64: ImageSpec = {
  layers: [{ files: { 'etc/os-release': 'ID=lading\n' } }, { files: { 'app/main': 'x'.repeat(5000) } }],
  config: {
    created,
    author: 'The team',
    config: {
      Env: ['PATH=/usr/bin', 'MODE=test'],
      Entrypoint: ['/app/main'],
      Cmd: ['--help'],
      Labels: { 'org.example.team': 'web' },
      ExposedPorts: { '80/tcp': {} },
      WorkingDir: '/app',
      User: 'app',
    },
    history: [
      { created, created_by: 'ADD os-release /etc' },
      { created, created_by: 'ENV MODE=test', empty_layer: true },
      { created, created_by: 'COPY main /app' },
    ],
  },
};

/** Serves a registry with the images. */
export async function openWorld(options: Partial<ServerOptions> = {}): Promise<World> {
  const registry = options.registry ?? createMemoryRegistry();
  const requests: AccessLogEntry[] = [];
  const served = await serve({ ...options, registry, log: (entry) => requests.push(entry) });
  const arm64: ImageSpec = { ...amd64, platform: { os: 'linux', architecture: 'arm64' } };
  const repository = registry.repository('team/app');
  const manifests = [await buildImage(amd64), await buildImage(arm64)];
  const annotations = { 'org.opencontainers.image.title': 'app' };
  const app = await putIndex(repository, { manifests, annotations, tags: ['1.0', '1.1', 'latest'] });
  const single = await putImage(registry.repository('team/single'), { ...amd64, tags: ['1'] });
  const sbom = await putArtifact(repository, {
    artifactType: 'application/spdx+json',
    blobs: [{ bytes: new TextEncoder().encode('{"spdxVersion":"SPDX-2.3"}'), mediaType: 'application/spdx+json' }],
    subject: app.descriptor,
  });
  requests.length = 0;
  const { host } = served;
  return {
    host,
    registry,
    app,
    single,
    sbom,
    requests,
    neutral: (text) => text.replaceAll(host, 'REGISTRY'),
    close: () => served.close(),
  };
}
