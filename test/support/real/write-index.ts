/** Adds an index of several platforms to an OCI layout: umoci makes single images only. */
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

interface Entry {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
}

const REF_NAME = 'org.opencontainers.image.ref.name';
const mediaType = 'application/vnd.oci.image.index.v1+json';

/** @param children tags of the layout, and the platforms that they are for. */
export async function writeIndex(
  layout: string,
  tag: string,
  children: readonly { readonly tag: string; readonly architecture: string }[],
): Promise<void> {
  const file = join(layout, 'index.json');
  const root = JSON.parse(await readFile(file, 'utf8')) as { manifests: Entry[] };
  const manifests = children.map((child) => {
    const entry = root.manifests.find(({ annotations }) => annotations?.[REF_NAME] === child.tag);
    if (entry === undefined) throw new Error(`${layout} has no tag ${child.tag}`);
    const { mediaType: type, digest, size } = entry;
    return { mediaType: type, digest, size, platform: { architecture: child.architecture, os: 'linux' } };
  });
  const bytes = JSON.stringify({ schemaVersion: 2, mediaType, manifests });
  const hex = createHash('sha256').update(bytes).digest('hex');
  await writeFile(join(layout, 'blobs/sha256', hex), bytes);
  root.manifests.push({ mediaType, digest: `sha256:${hex}`, size: bytes.length, annotations: { [REF_NAME]: tag } });
  await writeFile(file, JSON.stringify(root));
}
