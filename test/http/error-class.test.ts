import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isOciError, OciError } from '../../src/errors.ts';
import { collect } from '../../src/graph/collect.ts';
import * as faults from '../../src/testing/faults.ts';
import { changing, only, requestTo } from '../../src/testing/wrap.ts';
import { rejection } from '../support/failure.ts';
import { testRegistry } from '../support/test-registry.ts';

test('ERR-1 RUBY-69 NODE-47 NODE-48: one class tells code, status, the words of the registry, the request and the cause', async () => {
  const { client } = testRegistry();
  const error = await rejection('NOT_FOUND', client.repository('registry.test/no/such').manifest('v1'));
  assert.ok(error instanceof OciError && error instanceof Error);
  assert.equal(error.name, 'OciError');
  assert.equal(error.status, 404);
  assert.equal(error.errors[0]?.code, 'MANIFEST_UNKNOWN');
  assert.deepEqual(error.request, { method: 'GET', url: 'https://registry.test/v2/no/such/manifests/v1' });
  const noLink = changing(requestTo('catalog'), () => ({ headers: { link: 'no link' } }));
  const linked = testRegistry({ wraps: [noLink] });
  const caused = await rejection('PROTOCOL', collect(linked.client.registry('registry.test').repositories()));
  assert.ok(caused.cause instanceof Error);
});

test('ERR-1: it is recognised by its code, and across two copies of the package', () => {
  const error = new OciError('DENIED', 'no');
  assert.ok(isOciError(error) && isOciError(error, 'UNAUTHORIZED', 'DENIED'));
  assert.ok(!isOciError(error, 'NOT_FOUND') && !isOciError(new Error('no')) && !isOciError(null));
  // Another copy of the class has the same brand.
  const brand = Symbol.for('lading.OciError');
  assert.ok(isOciError({ code: 'DENIED', [brand]: true }, 'DENIED'));
});

test('ERR-5: a registry that is broken, busy, or does not do it is told by code, with the wait where there is one', async () => {
  const listing = { matches: requestTo('tags') };
  for (const [status, headers, code, waitMs] of [
    [503, {}, 'SERVER_ERROR', undefined],
    [429, { 'retry-after': '90' }, 'RATE_LIMITED', 90_000],
    [501, {}, 'UNSUPPORTED', undefined],
  ] as const) {
    const { repository } = testRegistry({ wraps: [only(faults.answerWith(status, headers), listing)] });
    const error = await rejection(code, collect(repository.tags()));
    assert.deepEqual([error.status, error.retryAfterMs], [status, waitMs]);
  }
});
