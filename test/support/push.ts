/** Putting what was built over the API itself: as a client would, step by step. */
import assert from 'node:assert/strict';
import { readAll } from '../../src/bytes/read.ts';
import type { Digest } from '../../src/model/digest.ts';
import type { Content } from '../../src/store/types.ts';
import type { Built } from '../../src/testing/fixtures.ts';
import { type Answer, type Api, locationOf } from './api.ts';

export function bytesOfContent(content: Content): Promise<Uint8Array> {
  return readAll(content.open(), content.descriptor.size, 'content');
}

/** POST, then PUT with the bytes. */
export async function pushBlob(api: Api, repository: string, bytes: Uint8Array, digest: Digest): Promise<Answer> {
  const start = await api.send('POST', `/v2/${repository}/blobs/uploads/`);
  assert.equal(start.status, 202, start.text);
  return await api.send('PUT', locationOf(start, { digest }), { body: bytes });
}

export async function putManifest(api: Api, repository: string, { manifest }: Built, tag?: string): Promise<Answer> {
  const { digest, mediaType } = manifest.descriptor;
  const headers = { 'content-type': mediaType };
  return await api.send('PUT', `/v2/${repository}/manifests/${tag ?? digest}`, { headers, body: manifest.bytes });
}

/** Everything: children, blobs, manifest. */
export async function pushBuilt(api: Api, repository: string, built: Built, tag?: string): Promise<Answer> {
  for (const child of built.children) await pushBuilt(api, repository, child);
  for (const blob of built.blobs) {
    const { status, text } = await pushBlob(api, repository, await bytesOfContent(blob), blob.descriptor.digest);
    assert.equal(status, 201, text);
  }
  const answer = await putManifest(api, repository, built, tag);
  assert.equal(answer.status, 201, answer.text);
  return answer;
}
