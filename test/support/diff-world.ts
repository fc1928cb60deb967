/** Two versions of an image for commands to compare: what differs in them, and what does not, is the same every time. */
import type { ImageConfig } from '../../src/model/image-config.ts';
import type { Platform } from '../../src/model/platform.ts';
import type { Store } from '../../src/store/types.ts';
import { buildImage, type Built, type LayerSpec, putImage, putIndex } from '../../src/testing/fixtures.ts';

const dpkg = (packages: Readonly<Record<string, string>>): string =>
  Object.entries(packages)
    .map(([name, version]) => `Package: ${name}\nStatus: install ok installed\nVersion: ${version}\n`)
    .join('\n');
const npm = (name: string, version: string): string => JSON.stringify({ name, version });

const base: LayerSpec = {
  files: { 'etc/': '', 'etc/os-release': 'ID=lading\n', 'etc/motd': 'Welcome\n', 'etc/hosts': '' },
};
const SITE = 'usr/lib/python3/site-packages';

const layers: Readonly<Record<'1' | '2', readonly LayerSpec[]>> = {
  '1': [
    base,
    { files: { 'var/lib/dpkg/status': dpkg({ curl: '7.88.1-10', openssl: '3.0.11-1', tzdata: '2024a' }) } },
    {
      files: {
        'app/': '',
        'app/main': { content: 'console.log(1)\n', mode: 0o644 },
        'app/old.js': 'x'.repeat(1234),
        'app/current': { type: 'symlink', linkname: 'v1' },
        'app/config': { content: 'same', uid: 0 },
        'app/node_modules/left-pad/package.json': npm('left-pad', '1.0.0'),
      },
    },
  ],
  '2': [
    base,
    { files: { 'var/lib/dpkg/status': dpkg({ curl: '7.88.1-12', openssl: '3.0.11-1', git: '1:2.39.2' }) } },
    {
      files: {
        'app/': '',
        'app/main': { content: 'console.log(2)\n', mode: 0o755 },
        'app/new.js': 'y'.repeat(4321),
        'app/current': { type: 'symlink', linkname: 'v2' },
        'app/config': { content: 'same', uid: 1000 },
        'app/node_modules/left-pad/package.json': npm('left-pad', '1.3.0'),
        [`${SITE}/six-1.16.dist-info/METADATA`]: 'Metadata-Version: 2.1\nName: six\nVersion: 1.16\n',
      },
    },
    { files: { 'etc/': '', 'etc/.wh.motd': '', 'etc/hosts': '127.0.0.1 localhost\n' } },
  ],
};

const configs: Readonly<Record<'1' | '2', ImageConfig>> = {
  '1': {
    created: '2024-05-06T07:08:09Z',
    config: {
      Env: ['PATH=/usr/bin', 'MODE=test'],
      Cmd: ['node', '/app/main'],
      Labels: { 'org.example.team': 'web', 'org.example.old': 'yes' },
      ExposedPorts: { '80/tcp': {} },
    },
    history: [
      { created: '2024-05-01T00:00:00Z', created_by: 'ADD rootfs /' },
      { created: '2024-05-06T07:08:09Z', created_by: 'RUN apt-get install -y curl' },
      { created: '2024-05-06T07:08:09Z', created_by: 'COPY . /app' },
    ],
  },
  '2': {
    created: '2024-06-07T08:09:10Z',
    config: {
      Env: ['PATH=/usr/bin', 'MODE=production', 'TZ=UTC'],
      Cmd: ['node', '/app/main'],
      Labels: { 'org.example.team': 'platform' },
      ExposedPorts: { '80/tcp': {}, '443/tcp': {} },
    },
    history: [
      { created: '2024-05-01T00:00:00Z', created_by: 'ADD rootfs /' },
      { created: '2024-06-07T08:09:10Z', created_by: 'RUN apt-get install -y curl   git' },
      { created: '2024-06-07T08:09:10Z', created_by: 'COPY . /app' },
      { created: '2024-06-07T08:09:10Z', created_by: 'RUN rm /etc/motd' },
    ],
  },
};

const platform = (architecture: string): Platform => ({ os: 'linux', architecture });

/** Puts `1` and `2`, single images, and `multi-1` and `multi-2`, of several platforms. */
export async function putVersions(repository: Store): Promise<void> {
  for (const version of ['1', '2'] as const) {
    const annotations = { 'org.opencontainers.image.version': version };
    const spec = { layers: layers[version], config: configs[version], annotations };
    await putImage(repository, { ...spec, tags: [version] });
    const plain = (architecture: string): Promise<Built> =>
      buildImage({ layers: [base], platform: platform(architecture) });
    const others = version === '1' ? [plain('arm64'), plain('386')] : [plain('arm64'), plain('s390x')];
    const manifests = await Promise.all([buildImage(spec), ...others]);
    await putIndex(repository, { manifests, annotations, tags: [`multi-${version}`] });
  }
}
