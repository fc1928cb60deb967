import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isOciError, OciError } from '../../src/errors.ts';
import { fixedCredentials } from '../../src/http/credentials.ts';
import { basicAccess } from '../../src/server/basic-access.ts';
import { tokenAccess, type TokenGrant, type VerifiedToken } from '../../src/server/token-access.ts';
import { collect } from '../../src/graph/collect.ts';
import { copy } from '../../src/graph/copy.ts';
import { search } from '../../src/graph/search.ts';
import { tagDigests } from '../../src/graph/tag-digests.ts';
import { contentFrom } from '../../src/store/content.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import * as faults from '../../src/testing/faults.ts';
import { answering, changing, only, requestTo } from '../../src/testing/wrap.ts';
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

const credentials = fixedCredentials({ 'registry.test': { username: 'me', password: 'guess-1' } });
const realm = 'https://registry.test/token';

/** What becomes of a tag behind a token server that answers like this. */
function behindTokens(answer: () => Response, grants: readonly TokenGrant[] = []): Promise<OciError> {
  const verify = (token: string): VerifiedToken | undefined => (token === 'good' ? { grants } : undefined);
  const access = tokenAccess({ realm, service: 'test', verify });
  const wrap = answering(({ url }) => url.startsWith(realm), answer);
  const { repository } = testRegistry({ server: { access }, wraps: [wrap], client: { credentials } });
  return repository.manifest('v1').then(
    () => assert.fail('it was read'),
    (error: OciError) => error,
  );
}

test('ERR-2: who is not known, may not, or is refused by the token server is told apart', async () => {
  const { repository } = testRegistry({ server: { access: basicAccess({ check: () => false }) } });
  const unknown = await rejection('UNAUTHORIZED', repository.manifest('v1'));
  assert.match(unknown.message, /^cannot read registry\.test\/team\/app:v1: registry\.test answered 401/);
  const forbidden = testRegistry({ wraps: [faults.answerWith(403)] });
  await rejection('DENIED', forbidden.repository.manifest('v1'));
  const refused = await behindTokens(() => Response.json({ details: 'incorrect password' }, { status: 401 }));
  assert.equal(refused.code, 'UNAUTHORIZED');
  assert.match(refused.message, /token/);
  assert.match(refused.message, /incorrect password/);
  const useless = await behindTokens(() => Response.json({ token: 'bad' }));
  assert.equal(useless.code, 'TOKEN_INVALID');
  const poor = await behindTokens(() => Response.json({ token: 'good' }));
  assert.ok(['UNAUTHORIZED', 'DENIED'].includes(poor.code), poor.code);
  assert.notEqual(poor.message, refused.message);
});

test('RUBY-50 RUBY-51 C8: every way to read tells missing credentials from missing rights', async () => {
  for (const [status, code] of [
    [401, 'UNAUTHORIZED'],
    [403, 'DENIED'],
  ] as const) {
    const { client, repository } = testRegistry({ wraps: [faults.answerWith(status)] });
    const { descriptor } = contentFrom(new Uint8Array(1));
    const reads: Readonly<Record<string, () => Promise<unknown>>> = {
      search: () => collect(search(client.registry('registry.test'), 'x')),
      tags: () => collect(repository.tags()),
      page: () => repository.tagPage(),
      digests: () => collect(tagDigests(repository)),
      manifest: () => repository.manifest('v1'),
      digest: () => repository.resolve('v1'),
      blob: () => collect(repository.blob(descriptor).open()),
      size: () => repository.stat(descriptor.digest),
      pull: () => copy(repository, 'v1', createMemoryStore()),
    };
    for (const [name, read] of Object.entries(reads)) {
      assert.equal((await rejection(code, read())).status, status, name);
    }
  }
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
