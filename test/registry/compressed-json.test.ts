/** JSON that comes compressed though nobody asked for it, over real sockets: its length is that of the compressed bytes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { collect } from '../../src/graph/collect.ts';
import { fetchTransport } from '../../src/http/fetch-transport.ts';
import { OCI_MANIFEST } from '../../src/model/media-types.ts';
import { nodeTransport } from '../../src/node/http/transport.ts';
import { createClient } from '../../src/registry/client.ts';
import { buildImage } from '../../src/testing/fixtures.ts';
import { startOrigin } from '../support/http-origin.ts';

const { manifest } = await buildImage({ layers: [] });
const tags = ['v1', 'v2', 'v3'];

for (const [name, transport] of Object.entries({ node: nodeTransport({ proxy: false }), fetch: fetchTransport() })) {
  test(`D9: tags, repositories and manifests that come compressed, with that length, are read (${name})`, async () => {
    await using origin = await startOrigin(({ url = '' }, response) => {
      const isManifest = url.includes('/manifests/');
      const json = JSON.stringify(url.includes('_catalog') ? { repositories: ['team/app'] } : { tags });
      const body = gzipSync(isManifest ? manifest.bytes : json);
      response.setHeader('content-type', isManifest ? OCI_MANIFEST : 'application/json');
      response.setHeader('content-encoding', 'gzip');
      response.setHeader('content-length', body.length);
      response.end(body);
    });
    const { host } = new URL(origin.url);
    const client = createClient({ transport });
    const repository = client.repository(`${host}/team/app`);
    assert.deepEqual(await collect(repository.tags()), tags);
    assert.deepEqual((await repository.tagPage()).tags, tags);
    assert.deepEqual(await collect(client.registry(host).repositories()), ['team/app']);
    for (const reference of ['v1', manifest.descriptor.digest]) {
      assert.deepEqual((await repository.manifest(reference)).bytes, manifest.bytes);
    }
    await client.close();
  });
}
