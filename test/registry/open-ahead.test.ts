import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OciError } from '../../src/errors.ts';
import { readAll } from '../../src/bytes/read.ts';
import { openAhead } from '../../src/registry/open-ahead.ts';
import { contentFrom } from '../../src/store/content.ts';
import type { Content } from '../../src/store/types.ts';
import { seededBytes } from '../../src/testing/fixtures.ts';
import { answering, errorAnswer, requestTo } from '../../src/testing/wrap.ts';
import { rejection } from '../support/failure.ts';
import { testRegistry } from '../support/test-registry.ts';
import { endlessContent } from '../support/watched-content.ts';

const bytes = seededBytes(200_000, 'ahead');
const content = contentFrom(bytes);

/** Counts how often it is opened, and how many readings are not over. */
function counting(inner: Content): Content & { readonly opened: () => number; readonly reading: () => number } {
  const count = { opened: 0, reading: 0 };
  return {
    ...inner,
    opened: () => count.opened,
    reading: () => count.reading,
    async *open(options) {
      count.opened++;
      count.reading++;
      try {
        yield* inner.open(options);
      } finally {
        count.reading--;
      }
    },
  };
}

test('the first whole reading goes on with what was opened; another one, or a window, opens anew', async () => {
  const source = counting(content);
  const ahead = openAhead(source, {});
  assert.equal(source.opened(), 1);
  assert.equal((await readAll(ahead.content.open({ start: 10, end: 20 }), 1000, 'window')).length, 10);
  assert.equal(source.opened(), 2);
  assert.deepEqual(await readAll(ahead.content.open(), bytes.length, 'blob'), bytes);
  assert.equal(source.opened(), 2);
  assert.deepEqual(await readAll(ahead.content.open(), bytes.length, 'blob'), bytes);
  assert.equal(source.opened(), 3);
  await ahead.close();
  assert.equal(source.reading(), 0);
});

test('what nobody goes on with is over when it is closed, also where it waits for its first byte', async () => {
  const source = counting(content);
  await openAhead(source, {}).close();
  assert.equal(source.reading(), 0);
  const silent = counting({
    ...content,
    async *open(options) {
      await new Promise((_resolve, reject) => {
        options?.signal?.addEventListener('abort', () => reject(new OciError('ABORTED', 'ended')));
      });
      yield bytes;
    },
  });
  await openAhead(silent, {}).close();
  assert.equal(silent.reading(), 0);
});

test('a reading that was asked for and never begun is over, too', async () => {
  const source = counting(content);
  const ahead = openAhead(source, {});
  ahead.content.open();
  await ahead.close();
  assert.equal(source.reading(), 0);
});

test("the caller's signal ends it", async () => {
  const { signal, abort } = ((controller) => ({
    signal: controller.signal,
    abort: () => controller.abort(),
  }))(new AbortController());
  const source = endlessContent(content.descriptor);
  const ahead = openAhead(source, { signal });
  abort();
  await ahead.close();
  assert.equal(source.isOpen(), false);
});

test('a session that is refused lets go of the source', async () => {
  const made = testRegistry({ wraps: [answering(requestTo('uploads', 'POST'), () => errorAnswer(403, 'DENIED'))] });
  const source = counting(content);
  await rejection('DENIED', made.repository.putBlob(source));
  assert.equal(source.opened(), 1);
  assert.equal(source.reading(), 0);
});

test('a source that fails gives the session up, and its error is told', async () => {
  const made = testRegistry();
  const failing: Content = {
    ...content,
    async *open() {
      yield* [];
      throw new OciError('NOT_FOUND', 'the source has lost it', { missing: 'blob' });
    },
  };
  const error = await rejection('NOT_FOUND', made.repository.putBlob(failing));
  assert.match(error.message, /lost it/);
  assert.equal(made.requests.at(-1)?.method, 'DELETE');
});

test('of a blob that is there nothing is opened', async () => {
  const made = testRegistry();
  await made.registry.repository('team/app').putBlob(content);
  const source = counting(content);
  assert.equal(await made.repository.putBlob(source), 'exists');
  assert.equal(source.opened(), 0);
});
