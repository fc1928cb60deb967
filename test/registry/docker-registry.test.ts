/** The contract of a store over docker's own registry: open, and behind a token server that grants what is asked for only. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { nodeTransport } from '../../src/node/http/transport.ts';
import { type Client, type ClientOptions, createClient } from '../../src/registry/client.ts';
import type { Repository } from '../../src/registry/repository.ts';
import { buildImage, putBuilt, seededContent } from '../../src/testing/fixtures.ts';
import { all } from '../../src/testing/samples.ts';
import { testStore } from '../../src/testing/store-contract.ts';
import { rejection } from '../support/failure.ts';
import { type DockerRegistry, startDockerRegistry } from '../support/real/docker-registry.ts';
import { needs } from '../support/real/find-tool.ts';
import { owner, startTokenRegistry, type TokenRegistry } from '../support/real/token-registry.ts';

const clientFor = (options: ClientOptions = {}): Client =>
  createClient({ transport: nodeTransport({ proxy: false }), ...options });

let count = 0;
const fresh = (client: Client, host: string): Repository => client.repository(`${host}/team/app-${++count}`);

describe('docker-registry', needs('docker-registry'), () => {
  let registry: DockerRegistry;
  let client: Client;
  before(async () => {
    registry = await startDockerRegistry();
    client = clientFor();
  });
  after(async () => {
    await client?.close();
    await registry?.stop();
  });

  testStore('an open docker-registry', async () => ({
    store: fresh(client, registry.host),
    close: async () => undefined,
  }));

  test('is recognised, and lists what it has', async () => {
    assert.equal((await client.ping(registry.host)).apiVersion, 'registry/2.0');
    const repository = fresh(client, registry.host);
    await putBuilt(repository, await buildImage({ layers: [] }), { tags: ['v1', 'v2', 'v3'] });
    assert.deepEqual(await all(repository.tags({ pageSize: 2 })), ['v1', 'v2', 'v3']);
    const names = await all(client.registry(registry.host).repositories({ pageSize: 2 }));
    assert.ok(names.includes(repository.name));
  });

  test('resolves a tag by exactly one HEAD', async () => {
    const repository = fresh(client, registry.host);
    const { manifest } = await putBuilt(repository, await buildImage({ layers: [] }), { tags: ['v1'] });
    const before = (await registry.requests()).length;
    assert.equal((await repository.resolve('v1'))?.digest, manifest.descriptor.digest);
    const asked = (await registry.requests()).slice(before);
    assert.deepEqual(
      asked.map(({ method, path }) => `${method} ${path}`),
      [`HEAD /v2/${repository.name}/manifests/v1`],
    );
  });

  test('takes a blob in chunks', async () => {
    const chunked = clientFor({ chunkSize: 1024 * 1024 });
    try {
      const content = seededContent(5_000_000, 'docker-registry');
      const repository = fresh(chunked, registry.host);
      assert.equal(await repository.putBlob(content), 'written');
      assert.equal((await repository.stat(content.descriptor.digest))?.size, 5_000_000);
      const patches = (await registry.requests()).filter(({ method }) => method === 'PATCH');
      assert.equal(patches.length, 5);
    } finally {
      await chunked.close();
    }
  });

  test('mounts by one request', async () => {
    const content = seededContent(10_000, 'mount');
    const [from, to] = [fresh(client, registry.host), fresh(client, registry.host)];
    await from.putBlob(content);
    const before = (await registry.requests()).length;
    assert.equal(await to.putBlob(from.blob(content.descriptor)), 'mounted');
    assert.equal((await registry.requests()).length, before + 1);
  });
});

describe('docker-registry with tokens', needs('docker-registry', 'openssl'), () => {
  let registry: TokenRegistry;
  let client: Client;
  const credentials = { username: owner.username, password: owner.password };
  before(async () => {
    registry = await startTokenRegistry();
    client = clientFor({ credentials: async () => credentials });
  });
  after(async () => {
    await client?.close();
    await registry?.stop();
  });

  testStore('a docker-registry with tokens', async () => ({
    store: fresh(client, registry.host),
    close: async () => undefined,
  }));

  test('lets nobody in who has no password, or a wrong one', async () => {
    const nobody = clientFor();
    const guesser = clientFor({ credentials: async () => ({ ...credentials, password: 'guess' }) });
    try {
      await rejection('UNAUTHORIZED', nobody.ping(registry.host));
      await rejection('UNAUTHORIZED', guesser.ping(registry.host));
      assert.equal((await client.ping(registry.host)).response.status, 200);
    } finally {
      await nobody.close();
      await guesser.close();
    }
  });

  test('mounts with a token for both repositories', async () => {
    const content = seededContent(10_000, 'mount with tokens');
    const [from, to] = [fresh(client, registry.host), fresh(client, registry.host)];
    await from.putBlob(content);
    assert.equal(await to.putBlob(from.blob(content.descriptor)), 'mounted');
  });

  test('needs one token for a whole push', async () => {
    const repository = fresh(client, registry.host);
    const before = registry.tokens.requests.length;
    await putBuilt(repository, await buildImage({ layers: [new Uint8Array([1, 2, 3])] }), { tags: ['v1', 'v2'] });
    assert.equal(registry.tokens.requests.length, before + 1);
  });
});
