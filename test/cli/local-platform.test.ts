import assert from 'node:assert/strict';
import { test } from 'node:test';
import { localPlatform, type Machine } from '../../src/cli/options/local-platform.ts';
import { matchPlatform, parsePlatform, type Platform } from '../../src/model/platform.ts';
import { cli } from '../support/cli.ts';

const machine: Machine = { platform: 'linux', arch: 'x64', release: '6.1.0', isLittleEndian: true };
const v2 = 'cx16 lahf_lm popcnt sse4_1 sse4_2 ssse3'.split(' ');
const v3 = [...v2, ...'abm avx avx2 bmi1 bmi2 f16c fma movbe'.split(' ')];

test('CAP-E10: the platform of a machine is that of the images which run on it', () => {
  const cases: readonly (readonly [more: Partial<Machine>, platform: Platform])[] = [
    [{}, { os: 'linux', architecture: 'amd64' }],
    [{ features: [...v2, 'fpu'] }, { os: 'linux', architecture: 'amd64', variant: 'v2' }],
    [{ features: v3 }, { os: 'linux', architecture: 'amd64', variant: 'v3' }],
    [{ features: v3.slice(1) }, { os: 'linux', architecture: 'amd64' }],
    [
      { platform: 'darwin', arch: 'arm64' },
      { os: 'linux', architecture: 'arm64' },
    ],
    [
      { arch: 'arm', armVersion: '6' },
      { os: 'linux', architecture: 'arm', variant: 'v6' },
    ],
    [{ arch: 'ppc64' }, { os: 'linux', architecture: 'ppc64le' }],
    [
      { arch: 's390x', isLittleEndian: false },
      { os: 'linux', architecture: 's390x' },
    ],
    [
      { platform: 'win32', release: '10.0.17763' },
      { os: 'windows', architecture: 'amd64', 'os.version': '10.0.17763' },
    ],
  ];
  for (const [more, platform] of cases) assert.deepEqual(localPlatform({ ...machine, ...more }), platform);
});

test('CAP-E10: the variants below that of the machine run on it, of Windows only its own build', () => {
  const pick = (platform: Platform, ...offered: string[]): string | undefined =>
    matchPlatform(offered, platform, (text) => parsePlatform(text));
  const third = localPlatform({ ...machine, features: v3 });
  assert.equal(pick(third, 'linux/amd64/v4', 'linux/amd64', 'linux/amd64/v2'), 'linux/amd64/v2');
  assert.equal(pick(localPlatform(machine), 'linux/amd64/v2'), undefined);
  const windows = localPlatform({ ...machine, platform: 'win32', release: '10.0.17763' });
  const builds = ['windows/amd64:10.0.20348.1', 'windows/amd64:10.0.17763.5122'];
  assert.equal(pick(windows, ...builds), builds[1]);
});

test('CAP-E10: local is a platform wherever one is chosen', async () => {
  const { code, stderr } = await cli(['digest', '--platform', 'local', 'oci:/nonexistent/layout:1']);
  assert.equal(code, 3, stderr);
  assert.equal((await cli(['digest', '--platform', 'locale', 'oci:/nonexistent/layout:1'])).code, 2);
});
