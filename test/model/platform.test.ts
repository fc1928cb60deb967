import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { isOciError } from '../../src/errors.ts';
import {
  formatPlatform,
  matchPlatform,
  normalizePlatform,
  type Platform,
  parsePlatform,
  platformOf,
} from '../../src/model/platform.ts';

/** What is written, how it is written again, and its canonical form. */
const table: readonly (readonly [text: string, formatted: string, canonical: string])[] = [
  ['linux/amd64', 'linux/amd64', 'linux/amd64'],
  ['Linux/x86_64', 'linux/amd64', 'linux/amd64'],
  ['linux/x86-64', 'linux/amd64', 'linux/amd64'],
  ['linux/amd64/v1', 'linux/amd64/v1', 'linux/amd64'],
  ['linux/amd64/v3', 'linux/amd64/v3', 'linux/amd64/v3'],
  ['linux/i386', 'linux/386', 'linux/386'],
  ['linux/arm64', 'linux/arm64', 'linux/arm64'],
  ['linux/Aarch64', 'linux/arm64', 'linux/arm64'],
  ['linux/arm64/v8', 'linux/arm64/v8', 'linux/arm64'],
  ['linux/arm64/8', 'linux/arm64/v8', 'linux/arm64'],
  ['linux/arm64/v9.0', 'linux/arm64/v9', 'linux/arm64/v9'],
  ['linux/arm', 'linux/arm', 'linux/arm/v7'],
  ['linux/arm/v7', 'linux/arm/v7', 'linux/arm/v7'],
  ['linux/arm/6', 'linux/arm/v6', 'linux/arm/v6'],
  ['linux/armhf', 'linux/arm/v7', 'linux/arm/v7'],
  ['linux/armel', 'linux/arm/v6', 'linux/arm/v6'],
  ['linux/s390x', 'linux/s390x', 'linux/s390x'],
  ['macOS/arm64', 'darwin/arm64', 'darwin/arm64'],
  ['windows/amd64:10.0.17763', 'windows/amd64:10.0.17763', 'windows/amd64:10.0.17763'],
  ['windows/arm64/v8:10.0', 'windows/arm64/v8:10.0', 'windows/arm64:10.0'],
  ['unknown/unknown', 'unknown/unknown', 'unknown/unknown'],
  ['wasi/wasm', 'wasi/wasm', 'wasi/wasm'],
  ['arm64', 'linux/arm64', 'linux/arm64'],
  ['x86_64', 'linux/amd64', 'linux/amd64'],
  ['linux/constructor', 'linux/constructor', 'linux/constructor'],
];

for (const [text, formatted, canonical] of table) {
  test(`reads the platform ${text}`, () => {
    assert.equal(formatPlatform(parsePlatform(text)), formatted);
    assert.equal(formatPlatform(normalizePlatform(parsePlatform(text))), canonical);
  });
}

for (const text of [
  '',
  'linux',
  'windows',
  '/',
  'linux/',
  '/amd64',
  'a/b/c/d',
  '*',
  'linux/*',
  'linux/am d64',
  'linux/ämd64',
  'linux/amd64:',
  'all',
  'toString',
]) {
  test(`refuses the platform ${JSON.stringify(text)}`, () => {
    assert.throws(
      () => parsePlatform(text),
      (error) => isOciError(error, 'PLATFORM_INVALID') && error.hint?.includes('linux/arm64') === true,
    );
  });
}

test('a platform is written as it is read, and normalising twice changes nothing', () => {
  const word = fc.stringMatching(/^[a-z0-9_]{1,8}$/);
  const some = fc.constantFrom('linux', 'windows', 'amd64', 'arm', 'arm64', 'v7', 'v8', '9', 'v9.0', 'armel', 'macos');
  const any = fc.oneof(word, some);
  fc.assert(
    fc.property(fc.array(any, { minLength: 2, maxLength: 3 }), fc.constantFrom('', ':10.0.1'), (parts, version) => {
      const platform = parsePlatform(parts.join('/') + version);
      assert.deepEqual(parsePlatform(formatPlatform(platform)), platform);
      const canonical = normalizePlatform(platform);
      assert.deepEqual(normalizePlatform(canonical), canonical);
    }),
  );
});

/** The entries of an index, in order, what is wanted, and which entry it is. */
const matches: readonly (readonly [entries: string, wanted: string, chosen: string | undefined])[] = [
  ['linux/amd64 linux/arm64', 'linux/arm64', 'linux/arm64'],
  ['linux/amd64 linux/arm64/v8', 'linux/arm64', 'linux/arm64/v8'],
  ['linux/amd64 linux/aarch64', 'linux/arm64/v8', 'linux/arm64'],
  ['linux/386', 'linux/amd64', undefined],
  ['linux/arm/v7', 'linux/arm64', undefined],
  ['windows/amd64', 'linux/amd64', undefined],
  ['linux/arm/v5 linux/arm/v6 linux/arm/v7', 'linux/arm', 'linux/arm/v7'],
  ['linux/arm/v5 linux/arm/v6', 'linux/arm/v7', 'linux/arm/v6'],
  ['linux/arm', 'linux/arm/v6', undefined],
  ['linux/arm/v5 linux/arm', 'linux/arm/v8', 'linux/arm'],
  ['linux/amd64 linux/amd64/v2 linux/amd64/v4', 'linux/amd64/v3', 'linux/amd64/v2'],
  ['linux/amd64/v2', 'linux/amd64', undefined],
  ['linux/arm64 linux/arm64/v8.2 linux/arm64/v8.5', 'linux/arm64/v8.4', 'linux/arm64/v8.2'],
  ['linux/arm64 linux/arm64/v8.5', 'linux/arm64/v9', 'linux/arm64/v8.5'],
  ['linux/arm64/v8.6', 'linux/arm64/v9', undefined],
  ['linux/arm64/v8.6 linux/arm64/v9', 'linux/arm64/v9.1', 'linux/arm64/v9'],
  ['linux/arm64/weird linux/arm64', 'linux/arm64/weird', 'linux/arm64/weird'],
  ['unknown/unknown linux/amd64', 'linux/amd64', 'linux/amd64'],
  ['unknown/unknown', 'unknown/unknown', undefined],
  ['windows/amd64:10.0.17763.1 windows/amd64:10.0.20348.2', 'windows/amd64:10.0.20348', 'windows/amd64:10.0.20348.2'],
  ['windows/amd64:10.0.177631', 'windows/amd64:10.0.17763', undefined],
  ['windows/amd64:10.0.17763.1 windows/amd64:10.0.20348.2', 'windows/amd64', 'windows/amd64:10.0.17763.1'],
  ['windows/amd64', 'windows/amd64:10.0.17763', 'windows/amd64'],
  ['linux/s390x', 'linux/s390x', 'linux/s390x'],
];

for (const [entries, wanted, chosen] of matches) {
  test(`of ${entries}, ${wanted} is served by ${chosen ?? 'none'}`, () => {
    const found = matchPlatform(entries.split(' ').map(parsePlatform), parsePlatform(wanted), (platform) => platform);
    assert.equal(found === undefined ? undefined : formatPlatform(found), chosen);
  });
}

test('the first of equal entries is taken, and entries without a platform fit nothing', () => {
  const entries: readonly (readonly [number, Platform | undefined])[] = [
    [0, undefined],
    [1, parsePlatform('linux/arm64/v8')],
    [2, parsePlatform('linux/arm64')],
  ];
  assert.equal(matchPlatform(entries, parsePlatform('linux/arm64'), ([, platform]) => platform)?.[0], 1);
});

test('an entry that needs features fits who has them, and then before others; win32k is had by all', () => {
  const plain: Platform = { os: 'linux', architecture: 'amd64' };
  const gpu: Platform = { ...plain, 'os.features': ['gpu'] };
  const windows: Platform = { os: 'windows', architecture: 'amd64', 'os.features': ['win32k'] };
  const identity = (platform: Platform) => platform;
  assert.equal(matchPlatform([gpu], plain, identity), undefined);
  assert.equal(matchPlatform([gpu, plain], plain, identity), plain);
  assert.equal(matchPlatform([plain, gpu], gpu, identity), gpu);
  assert.equal(matchPlatform([windows], parsePlatform('windows/amd64'), identity), windows);
});

test('reads the platform of an image from its config, and invents none', () => {
  assert.deepEqual(platformOf({ os: 'linux', architecture: 'arm', variant: 'v6' }), {
    os: 'linux',
    architecture: 'arm',
    variant: 'v6',
  });
  assert.deepEqual(platformOf({ os: 'linux', architecture: 'amd64', variant: '' }), {
    os: 'linux',
    architecture: 'amd64',
  });
  assert.equal(platformOf({}), undefined);
  assert.equal(platformOf({ os: '', architecture: '' }), undefined);
});
