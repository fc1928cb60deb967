import assert from 'node:assert/strict';
import { before, beforeEach, describe, it } from 'node:test';
import { DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST } from '../../src/model/media-types.ts';
import { buildImage, type Built } from '../../src/testing/fixtures.ts';
import { type Api, createApi, errorCodes } from '../support/api.ts';
import { pushBuilt } from '../support/push.ts';

let image: Built;
let api: Api;

before(async () => {
  image = await buildImage({ layers: [new Uint8Array([1])] });
});

beforeEach(() => {
  api = createApi();
});

const pathOf = (reference: string): string => `/v2/r/manifests/${reference}`;

describe('a manifest is refused', () => {
  const put = async (
    reference: string,
    body: string | Uint8Array,
    type: string | undefined = OCI_MANIFEST,
  ): Promise<readonly [number, readonly string[]]> => {
    const answer = await api.send('PUT', pathOf(reference), {
      headers: type === '' ? {} : { 'content-type': type },
      body,
    });
    return [answer.status, errorCodes(answer)];
  };
  const invalid = [400, ['MANIFEST_INVALID']] as const;
  const layer = { mediaType: 'a/b', digest: `sha256:${'a'.repeat(64)}`, size: 1 };

  it('when its digest is another', async () => {
    await pushBuilt(api, 'r', image);
    const wrong = `sha256:${'0'.repeat(64)}`;
    assert.deepEqual(await put(wrong, image.manifest.bytes), [400, ['DIGEST_INVALID']]);
    assert.equal((await api.send('HEAD', pathOf(wrong))).status, 404);
  });

  it('when it says to be one thing and was announced as another', async () => {
    await pushBuilt(api, 'r', image);
    for (const type of [
      OCI_INDEX,
      DOCKER_MANIFEST,
      'text/plain',
      'application/vnd.docker.distribution.manifest.v1+json',
    ]) {
      assert.deepEqual(await put('t', image.manifest.bytes, type), invalid, type);
    }
    for (const type of [OCI_MANIFEST, 'application/json', '']) {
      const headers: Record<string, string> = type === '' ? {} : { 'content-type': type };
      assert.equal((await api.send('PUT', pathOf('t'), { headers, body: image.manifest.bytes })).status, 201, type);
    }
  });

  const documents: Readonly<Record<string, string>> = {
    'it has manifests and layers': JSON.stringify({ schemaVersion: 2, config: layer, layers: [], manifests: [] }),
    'its type is that of an index and its fields are not': JSON.stringify({
      schemaVersion: 2,
      mediaType: OCI_INDEX,
      config: layer,
      layers: [],
    }),
    'it is of schema 1': JSON.stringify({ schemaVersion: 1, fsLayers: [], history: [] }),
    'a key stands twice': `{"schemaVersion":2,"layers":[],"layers":[],"config":${JSON.stringify(layer)}}`,
    'keys differ in case alone': `{"schemaVersion":2,"layers":[],"Layers":[],"config":${JSON.stringify(layer)}}`,
    'something follows': '{} {}',
    'it is no JSON': 'manifest',
    'it is empty': '',
    'a size is negative': JSON.stringify({ schemaVersion: 2, config: { ...layer, size: -1 }, layers: [] }),
    'a size is a string': JSON.stringify({ schemaVersion: 2, config: { ...layer, size: '1' }, layers: [] }),
    'a digest is a path': JSON.stringify({ schemaVersion: 2, config: { ...layer, digest: 'sha256:../x' }, layers: [] }),
    'it is nested too deeply': `{"schemaVersion":2,"x":${'['.repeat(100)}${']'.repeat(100)}}`,
    'it has too many layers': JSON.stringify({
      schemaVersion: 2,
      config: layer,
      layers: Array.from({ length: 10_001 }, () => layer),
    }),
  };
  for (const [problem, document] of Object.entries(documents)) {
    it(`when ${problem}`, async () => {
      assert.deepEqual(await put('t', document), invalid);
      assert.equal((await api.send('HEAD', pathOf('t'))).status, 404);
    });
  }
});
