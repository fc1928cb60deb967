/** An OCI layout looked at as plain files: what its index names, and whether every blob is what its name says. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

interface Entry {
  readonly digest: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** @returns the digest that a tag of the layout names. */
export async function assertLayoutFiles(layout: string, tag: string): Promise<string | undefined> {
  const marker = JSON.parse(await readFile(join(layout, 'oci-layout'), 'utf8')) as { imageLayoutVersion?: string };
  assert.equal(marker.imageLayoutVersion, '1.0.0');
  const blobs = join(layout, 'blobs/sha256');
  for (const name of await readdir(blobs)) {
    const hash = createHash('sha256');
    await pipeline(createReadStream(join(blobs, name)), hash);
    assert.equal(hash.digest('hex'), name);
  }
  const index = JSON.parse(await readFile(join(layout, 'index.json'), 'utf8')) as { manifests: Entry[] };
  const named = index.manifests.filter(({ annotations }) => annotations?.['org.opencontainers.image.ref.name'] === tag);
  assert.ok(named.length <= 1, `${tag} names ${named.length} things`);
  return named[0]?.digest;
}
