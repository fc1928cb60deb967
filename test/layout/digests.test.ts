import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openLayout } from '../../src/layout/oci-layout.ts';
import type { LayoutTree } from '../../src/layout/tree.ts';
import type { Digest } from '../../src/model/digest.ts';
import { blob, rejects } from '../../src/testing/samples.ts';

const hex = 'a'.repeat(64);
const bad: readonly string[] = [
  'sha256:../../etc/passwd',
  'sha256:..',
  `sha256:../${'a'.repeat(61)}`,
  `sha256:${'/'.repeat(64)}`,
  'sha256:%2e%2e%2f',
  'sha256:',
  ':',
  '',
  hex,
  `sha256:${hex}a`,
  `sha256:${hex.slice(1)}`,
  `sha256:${hex.toUpperCase()}`,
  `SHA256:${hex}`,
  `sha1:${'a'.repeat(40)}`,
  `md5:${'a'.repeat(32)}`,
  `sha512:${hex}`,
  `sha256+b64u:${hex}`,
  `sha256:${hex}\n`,
  `sha256:${hex}\r\n`,
  `sha256:${hex}\0`,
  `sha256:\u202e${hex.slice(1)}`,
  ` sha256:${hex}`,
  `sha256:${hex}.`,
  `sha256:${'g'.repeat(64)}`,
  `sha256:CON`,
  `sha256/${hex}`,
  `../blobs/sha256:${hex}`,
];

/** A medium that must not be touched. */
const untouched = new Proxy({ name: 'untouched', origin: undefined } as LayoutTree, {
  get(target, key) {
    if (key in target) return target[key as keyof LayoutTree];
    return () => assert.fail(`the medium was asked to ${String(key)}`);
  },
});

for (const digest of bad) {
  test(`${JSON.stringify(digest)} is no digest, and no file`, async () => {
    const store = openLayout(untouched);
    await rejects(store.stat(digest as Digest), 'DIGEST_INVALID');
    await rejects(store.manifest({ mediaType: 'a/b', digest: digest as Digest, size: 1 }), 'DIGEST_INVALID');
    const content = store.blob({ mediaType: 'a/b', digest: digest as Digest, size: 1 });
    const read = async (): Promise<void> => {
      for await (const _ of content.open()) assert.fail('bytes came');
    };
    await rejects(read(), 'DIGEST_INVALID');
    const real = blob('x');
    const named = { ...real, descriptor: { ...real.descriptor, digest: digest as Digest } };
    await rejects(store.putBlob(named), 'DIGEST_INVALID');
    await rejects(store.delete({ blob: digest as Digest }), 'DIGEST_INVALID');
    await rejects(store.delete({ manifest: digest as Digest }), 'DIGEST_INVALID');
  });
}
