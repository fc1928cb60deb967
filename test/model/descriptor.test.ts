import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDescriptor, plainDescriptor } from '../../src/model/descriptor.ts';
import { failure } from '../support/failure.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const plain = { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest, size: 3 };

test('reads a descriptor as it stands, with fields it does not know', () => {
  const full = {
    ...plain,
    urls: ['https://example.com/layer'],
    annotations: { a: 'b' },
    data: 'AAAA',
    artifactType: 'application/x',
    platform: { os: 'windows', architecture: 'amd64', 'os.version': '10.0.1', 'os.features': ['win32k'] },
    newField: 1,
  };
  assert.deepEqual(parseDescriptor(full, 'x'), full);
  assert.deepEqual(plainDescriptor(parseDescriptor(full, 'x')), plain);
});

test('takes null where Go writes it for nothing', () => {
  const nulls = { ...plain, urls: null, annotations: null, platform: null };
  assert.equal(parseDescriptor(nulls, 'x').digest, digest);
});

test('takes any size that can be counted, zero among them', () => {
  for (const size of [0, 1, Number.MAX_SAFE_INTEGER]) assert.equal(parseDescriptor({ ...plain, size }, 'x').size, size);
});

const bad: readonly (readonly [change: Record<string, unknown>, says: RegExp])[] = [
  [{ mediaType: undefined }, /layers\[3\]\.mediaType is missing/],
  [{ mediaType: '' }, /mediaType is missing/],
  [{ mediaType: 7 }, /mediaType is missing/],
  [{ mediaType: 'a/b\r\nX: y' }, /is not a media type: "a\/b\\u\{d\}\\u\{a\}X: y"/],
  [{ mediaType: `a/${'b'.repeat(300)}` }, /is not a media type/],
  [{ size: undefined }, /layers\[3\]\.size is not a size/],
  [{ size: -1 }, /size/],
  [{ size: 1.5 }, /size/],
  [{ size: 2 ** 53 }, /size/],
  [{ size: '3' }, /size/],
  [{ size: null }, /size/],
  [{ data: 1 }, /data is not a string/],
  [{ artifactType: {} }, /artifactType is not a string/],
  [{ urls: 'https://a' }, /urls is not a list/],
  [{ urls: [1] }, /urls is not a list/],
  [{ annotations: [] }, /annotations is not a map of strings/],
  [{ annotations: { a: 1 } }, /annotations is not a map of strings/],
  [{ platform: 'linux/amd64' }, /platform is not an object/],
  [{ platform: { os: 'linux' } }, /platform\.architecture is not a string/],
  [{ platform: { os: 1, architecture: 'a' } }, /platform\.os is not a string/],
  [{ platform: { os: 'a', architecture: 'b', variant: 8 } }, /platform\.variant is not a string/],
  [{ platform: { os: 'a', architecture: 'b', 'os.version': 8 } }, /platform\.os\.version is not a string/],
  [{ platform: { os: 'a', architecture: 'b', 'os.features': 'win32k' } }, /platform\.os\.features is not a list/],
];

for (const [change, says] of bad) {
  test(`refuses ${JSON.stringify(change)}`, () => {
    const error = failure('DESCRIPTOR_INVALID', () => parseDescriptor({ ...plain, ...change }, 'layers[3]'));
    assert.match(error.message, says);
  });
}

for (const value of [undefined, null, 'x', [], 1]) {
  test(`refuses ${JSON.stringify(value)} as a descriptor`, () => {
    assert.match(
      failure('DESCRIPTOR_INVALID', () => parseDescriptor(value, 'config')).message,
      /^config is not an object/,
    );
  });
}

test('refuses a digest that is none, and says where', () => {
  for (const bad of [undefined, 'sha256:../..', `sha256:${'A'.repeat(64)}`, `sha256:\u202e${'a'.repeat(63)}`]) {
    const error = failure('DIGEST_INVALID', () => parseDescriptor({ ...plain, digest: bad }, 'layers[0]'));
    assert.match(error.message, /^layers\[0\]\.digest is not a digest/);
  }
});
