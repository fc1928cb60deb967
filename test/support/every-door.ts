/** A manifest's bytes at every door that lets manifests in: reading, copying, a layout, an archive, and the embedded server. */
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { digestOf } from '../../src/bytes/hash.ts';
import { isOciError } from '../../src/errors.ts';
import { copy } from '../../src/graph/copy.ts';
import { directoryStore } from '../../src/node/directory/directory.ts';
import { openSource } from '../../src/node/locator-open.ts';
import { parseLocator } from '../../src/node/locator.ts';
import { createMemoryRegistry } from '../../src/store/memory.ts';
import { answering, requestTo } from '../../src/testing/wrap.ts';
import { createApi, errorCodes } from './api.ts';
import { archiveBytes } from './saved-archives.ts';
import { testRegistry } from './test-registry.ts';

/** What is said of the bytes where they are announced; undefined: nothing. */
export type Announced = string | undefined;

/** How each door refuses: the code of its error, `undefined` where it let the bytes in. */
export async function refusals(
  bytes: Uint8Array,
  announced: Announced,
  folder: string,
): Promise<Readonly<Record<string, string | undefined>>> {
  const digest = digestOf(bytes);
  const headers: Record<string, string> = announced === undefined ? {} : { 'content-type': announced };
  const served = answering(requestTo('manifest', 'GET'), () => new Response(Uint8Array.from(bytes), { headers }));
  const { repository } = testRegistry({ wraps: [served] });
  const target = createMemoryRegistry().repository('r');
  const files = layoutOf(bytes, announced);
  await mkdir(join(folder, 'layout', 'blobs', 'sha256'), { recursive: true });
  for (const [path, content] of Object.entries(files)) await writeFile(join(folder, 'layout', path), content);
  await writeFile(join(folder, 'archive.tar'), await archiveBytes(files));
  const answer = await createApi().send('PUT', '/v2/r/manifests/1', { headers, body: bytes });
  const found = {
    get: await codeOf(repository.manifest('1')),
    'get by digest': await codeOf(repository.manifest(digest)),
    copy: await codeOf(copy(repository, '1', target, { tags: ['1'] })),
    layout: await codeOf(directoryStore(join(folder, 'layout')).manifest('1')),
    archive: await codeOf(ofArchive(join(folder, 'archive.tar'))),
    server: `${answer.status} ${errorCodes(answer).join()}`,
  };
  assert.equal(await target.resolve('1'), undefined, 'nothing is kept');
  return found;
}

async function ofArchive(file: string): Promise<void> {
  const client = testRegistry().client;
  const opened = await openSource(parseLocator(`oci-archive:${file}:1`), { client });
  try {
    await opened.source.manifest('1');
  } finally {
    await opened.close();
  }
}

function layoutOf(bytes: Uint8Array, announced: Announced): Record<string, Uint8Array> {
  const digest = digestOf(bytes);
  const descriptor = {
    mediaType: announced ?? 'application/octet-stream',
    digest,
    size: bytes.length,
    annotations: { 'org.opencontainers.image.ref.name': '1' },
  };
  const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
  return {
    'oci-layout': encode({ imageLayoutVersion: '1.0.0' }),
    'index.json': encode({ schemaVersion: 2, manifests: [descriptor] }),
    [`blobs/${digest.replace(':', '/')}`]: bytes,
  };
}

async function codeOf(attempt: Promise<unknown>): Promise<string | undefined> {
  try {
    await attempt;
    return undefined;
  } catch (error) {
    return isOciError(error) ? error.code : String(error);
  }
}
