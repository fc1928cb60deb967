/** A layout as plain files, written in one go: no locks, nothing synced. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readAll } from '../../src/bytes/read.ts';
import type { Built } from '../../src/testing/fixtures.ts';

/** The files of a layout with this image under a tag. */
export async function layoutFiles(
  { manifest, blobs, descriptor }: Built,
  tag: string = '1',
): Promise<Readonly<Record<string, string | Uint8Array>>> {
  const { mediaType, digest, size } = descriptor;
  const named = { mediaType, digest, size, annotations: { 'org.opencontainers.image.ref.name': tag } };
  const files: Record<string, string | Uint8Array> = {
    'oci-layout': '{"imageLayoutVersion":"1.0.0"}',
    'index.json': JSON.stringify({ schemaVersion: 2, manifests: [named] }),
    [pathOf(digest)]: manifest.bytes,
  };
  for (const blob of blobs) files[pathOf(blob.descriptor.digest)] = await readAll(blob.open(), 1 << 28, 'blob');
  return files;
}

/** Writes it to a directory, which is made. */
export async function writePlainLayout(built: Built, directory: string): Promise<void> {
  await mkdir(join(directory, 'blobs', 'sha256'), { recursive: true });
  for (const [path, bytes] of Object.entries(await layoutFiles(built))) await writeFile(join(directory, path), bytes);
}

function pathOf(digest: string): string {
  return `blobs/${digest.replace(':', '/')}`;
}
