import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OciError } from '../../src/errors.ts';
import { orUnderTag } from '../../src/graph/root.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { putImage } from '../../src/testing/samples.ts';
import { rejection } from '../support/failure.ts';

const gone = (): never => {
  throw new OciError('NOT_FOUND', 'what the registry told of is not there', { missing: 'manifest' });
};

test('what is not there is looked for under its tag once, and by what is found there', async () => {
  const source = createMemoryStore();
  const { manifest } = await putImage(source, 'one', ['1']);
  const tried: string[] = [];
  const found = await orUnderTag(source, '1', {}, async (reference) => {
    tried.push(reference);
    return reference === '1' ? gone() : reference;
  });
  assert.equal(found, manifest.descriptor.digest);
  assert.deepEqual(tried, ['1', found]);
  assert.equal(
    (
      await rejection(
        'NOT_FOUND',
        orUnderTag(source, '2', {}, async () => gone()),
      )
    ).missing,
    'manifest',
  );
});

test('whatever else goes wrong under the tag is told as what it is: the end of the call, a server that fails', async () => {
  for (const code of ['ABORTED', 'SERVER_ERROR', 'UNAUTHORIZED'] as const) {
    const failing = { ...createMemoryStore(), manifest: () => Promise.reject(new OciError(code, 'no')) };
    await rejection(
      code,
      orUnderTag(failing, '1', {}, async () => gone()),
    );
  }
});
