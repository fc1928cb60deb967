/** Content of artifacts that a test makes up, and a note of what is opened of it. */
import { gzip } from '../../src/bytes/compress.ts';
import { digestOf } from '../../src/bytes/hash.ts';
import { fromArray, readAll } from '../../src/bytes/read.ts';
import type { TarFile } from '../../src/bytes/tar.ts';
import type { ArtifactFile } from '../../src/image/attached/artifact-files.ts';
import { contentFrom } from '../../src/store/content.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { overlay } from '../../src/store/overlay.ts';
import type { Content, Source } from '../../src/store/types.ts';
import { encode } from './layered.ts';
import { rawTar } from './raw-tar.ts';

/** A source of content, which notes what is opened of it. */
export function sourceOf(...contents: readonly Content[]): { source: Source; opened: string[] } {
  const opened: string[] = [];
  const blobs = contents.map(
    (content): Content => ({
      ...content,
      open(options) {
        opened.push(content.descriptor.digest);
        return content.open(options);
      },
    }),
  );
  return { source: overlay(createMemoryStore(), { blobs }), opened };
}

export const plain = (text: string): Content => contentFrom(encode(text), 'text/plain');
export const titled = ({ descriptor }: Content, title: string): ArtifactFile => ({ descriptor, title });

/** The archive of a directory, with what oras says of it. */
export async function archive(pieces: readonly (TarFile | Uint8Array)[], annotations: object = {}): Promise<Content> {
  const tar = await rawTar(...pieces);
  const bytes = await readAll(gzip(fromArray(tar)), 1e7, 'archive');
  const told = {
    'io.deis.oras.content.unpack': 'true',
    'io.deis.oras.content.digest': digestOf(tar),
    ...annotations,
  };
  return contentFrom(bytes, 'application/vnd.oci.image.layer.v1.tar+gzip', { annotations: told });
}
