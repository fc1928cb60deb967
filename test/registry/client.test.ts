import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { HttpRequest, Send } from '../../src/http/types.ts';
import { parseReference } from '../../src/model/reference.ts';
import { createClient } from '../../src/registry/client.ts';
import { contentFrom } from '../../src/store/content.ts';
import { buildImage } from '../../src/testing/fixtures.ts';
import { all } from '../../src/testing/samples.ts';
import { failure, rejection } from '../support/failure.ts';
import { testClock } from '../support/test-clock.ts';

/** A transport that answers everything alike and keeps what it was asked. */
function recorder(status: number = 404): { transport: Send; requests: HttpRequest[] } {
  const requests: HttpRequest[] = [];
  const transport: Send = async (request) => {
    requests.push(request);
    return { status, headers: {}, url: request.url, body: (async function* () {})(), cancel: async () => undefined };
  };
  return { transport, requests };
}

describe('a client', () => {
  test('B2 RUBY-2 GO-26: sends nothing before a verb is called', async () => {
    const { transport, requests } = recorder();
    const client = createClient({ transport });
    const repository = client.repository('alpine');
    client
      .registry('ghcr.io')
      .repository('o/app')
      .blob(contentFrom(new Uint8Array(1)).descriptor);
    repository.tags();
    repository.referrers(contentFrom(new Uint8Array(1)).descriptor);
    client.registry('ghcr.io').repositories();
    await client.close();
    assert.equal(requests.length, 0);
  });

  test('NODE-11: knows where a repository is', async () => {
    const { transport, requests } = recorder();
    const hosts = { 'localhost:5000': { pathPrefix: '/proxy' } };
    const client = createClient({ transport, hosts });
    for (const name of [
      'alpine',
      'docker.io/library/alpine:3',
      'index.docker.io/o/app',
      'ghcr.io/o/app',
      'localhost:5000/a/b',
    ]) {
      await client.repository(name).resolve('v1');
    }
    await client.repository(parseReference('quay.io/a/b@sha256:' + '0'.repeat(64))).resolve('v1');
    await client.registry('docker.io').repository('alpine').resolve('v1');
    assert.deepEqual(
      [...new Set(requests.map(({ url }) => url))],
      [
        'https://registry-1.docker.io/v2/library/alpine/manifests/v1',
        'https://registry-1.docker.io/v2/o/app/manifests/v1',
        'https://ghcr.io/v2/o/app/manifests/v1',
        'http://localhost:5000/proxy/v2/a/b/manifests/v1',
        'https://quay.io/v2/a/b/manifests/v1',
      ],
    );
    assert.equal(client.repository('alpine').origin.registry, 'docker.io');
    assert.equal(client.repository('alpine').name, 'library/alpine');
  });

  test('refuses names that are none', () => {
    const client = createClient(recorder());
    for (const name of ['', 'a/UPPER', '../x', 'a//b', 'x?y'])
      failure('REFERENCE_INVALID', () => client.repository(name));
    for (const name of ['', 'no-dot', 'a/b/c', 'user@host.test'])
      failure('REFERENCE_INVALID', () => client.registry(name));
    const registry = client.registry('ghcr.io');
    for (const name of ['', '//evil.test/x', 'a/../b', 'a:tag', 'a%2fb'])
      failure('REFERENCE_INVALID', () => registry.repository(name));
  });

  test('AUTH-10 NODE-25: asks for tokens that allow what is done, and no more', async () => {
    const { transport, requests } = recorder();
    const client = createClient({ transport, clock: testClock() });
    const repository = client.repository('ghcr.io/o/app');
    const { descriptor } = contentFrom(new Uint8Array(1));
    const image = await buildImage({ layers: [] });
    const scopesOf = async (work: () => Promise<unknown>): Promise<string[]> => {
      const before = requests.length;
      await work().catch(() => undefined);
      return [...new Set(requests.slice(before).map(({ scopes = [] }) => scopes.join(' ')))];
    };
    const pull = ['repository:o/app:pull'];
    assert.deepEqual(await scopesOf(() => repository.resolve('v1')), pull);
    assert.deepEqual(await scopesOf(() => repository.manifest('v1')), pull);
    assert.deepEqual(await scopesOf(() => repository.stat(descriptor.digest)), pull);
    assert.deepEqual(await scopesOf(() => all(repository.blob(descriptor).open())), pull);
    assert.deepEqual(await scopesOf(() => all(repository.tags())), pull);
    assert.deepEqual(await scopesOf(() => all(repository.referrers(descriptor))), pull);
    const push = ['repository:o/app:pull,push'];
    assert.deepEqual(await scopesOf(() => repository.putBlob(contentFrom(new Uint8Array(1)))), push);
    assert.deepEqual(await scopesOf(() => repository.putManifest(image.manifest, { tags: ['v1'] })), push);
    assert.deepEqual(await scopesOf(() => repository.delete({ manifest: descriptor.digest })), [
      'repository:o/app:pull,delete',
    ]);
    const origin = { registry: 'ghcr.io', repository: 'o/base' };
    const mount = await scopesOf(() => repository.putBlob({ ...contentFrom(new Uint8Array(1)), origin }));
    assert.equal(mount[0], 'repository:o/app:pull,push repository:o/base:pull');
    assert.deepEqual(await scopesOf(() => all(client.registry('ghcr.io').repositories())), ['registry:catalog:*']);
  });

  test('asks mirrors for what is read, and never for what a write depends on', async () => {
    const { transport, requests } = recorder();
    const hosts = { 'ghcr.io': { mirrors: ['mirror.test'], mirrorTags: true } };
    const repository = createClient({ transport, hosts, clock: testClock() }).repository('ghcr.io/o/app');
    const image = await buildImage({ layers: [] });
    await repository.putManifest(image.manifest, { tags: ['v1'] }).catch(() => undefined);
    await repository.putBlob(contentFrom(new Uint8Array(1))).catch(() => undefined);
    await repository.delete({ tag: 'v1' }).catch(() => undefined);
    assert.ok(requests.every(({ url }) => new URL(url).host === 'ghcr.io'));
    await repository.resolve('v1');
    assert.ok(requests.some(({ url }) => new URL(url).host === 'mirror.test'));
  });

  test('NODE-21 CONN-8: closes the transport that it was given', async () => {
    let closed = 0;
    const transport = Object.assign(recorder().transport, { close: () => void closed++ });
    const client = createClient({ transport });
    await client.close();
    assert.equal(closed, 1);
  });

  test('CONN-5: ends every verb whose caller has gone, before it sends anything', async () => {
    const { transport, requests } = recorder();
    const repository = createClient({ transport }).repository('ghcr.io/o/app');
    const { descriptor } = contentFrom(new Uint8Array(1));
    const image = await buildImage({ layers: [] });
    const signal = AbortSignal.abort();
    const verbs: readonly (() => Promise<unknown>)[] = [
      () => repository.resolve('v1', { signal }),
      () => repository.manifest('v1', { signal }),
      () => repository.stat(descriptor.digest, { signal }),
      () => all(repository.blob(descriptor).open({ signal })),
      () => all(repository.tags({ signal })),
      () => all(repository.referrers(descriptor, { signal })),
      () => repository.putBlob(contentFrom(new Uint8Array(1)), { signal }),
      () => repository.putManifest(image.manifest, { signal }),
      () => repository.delete({ tag: 'v1' }, { signal }),
    ];
    for (const verb of verbs) await rejection('ABORTED', verb());
    assert.equal(requests.length, 0);
  });
});
