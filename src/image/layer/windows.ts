/**
 * A layer as Windows takes it: what it holds stands below `Files`, beside an empty `Hives`, and each entry says who may run it. An
 * ordinary archive that is appended to an image for Windows becomes one (as by crane); it is written anew each time that it is read.
 */
import { createHasher, hashing } from '../../bytes/hash.ts';
import { decompress } from '../../bytes/decompress.ts';
import { readTar, type TarFile, writeTar } from '../../bytes/tar.ts';
import type { Bytes, Call } from '../../model/call.ts';
import { contentOf } from '../../store/content.ts';
import { compressLayer } from './compress.ts';
import { layerFile } from './header.ts';
import type { NewLayer } from './layer.ts';

/** The security descriptor `O:BUG:BU` (owner and group BUILTIN\Users): without one nothing in the layer can be run. */
const USERS = 'AQAAgBQAAAAkAAAAAAAAAAAAAAABAgAAAAAABSAAAAAhAgAAAQIAAAAAAAUgAAAAIQIAAA==';
const PAX = { 'MSWINDOWS.rawsd': USERS };

/**
 * The layer for an image that runs on Windows; the very layer where that is what it is.
 * @throws OciError `LAYOUT_INVALID`, `TOO_LARGE`, `UNSUPPORTED` where the runtime cannot write zstd
 */
export async function windowsLayer(layer: NewLayer, call: Call): Promise<NewLayer> {
  if (await isForWindows(layer, call)) return layer;
  const { compression } = layer;
  const hasher = createHasher('sha256');
  const whole = createHasher('sha256');
  let size = 0;
  for await (const chunk of compressLayer(hashing(archiveOf(layer, call), hasher), compression)) {
    whole.update(chunk);
    size += chunk.length;
  }
  const { digest: _, size: __, ...rest } = layer.content.descriptor;
  const read = (start: number, end: number, { signal }: Call): Bytes =>
    between(compressLayer(archiveOf(layer, { signal }), compression), start, end);
  const content = contentOf({ ...rest, digest: whole.digest(), size }, read);
  return { content, diffId: hasher.digest(), compression };
}

async function isForWindows({ content }: NewLayer, call: Call): Promise<boolean> {
  for await (const { name } of readTar(decompress(content.open(call), call))) {
    if (/^(?:\.?\/)?(?:Files|Hives)(?:\/|$)/.test(name)) return true;
  }
  return false;
}

function archiveOf({ content }: NewLayer, call: Call): Bytes {
  return writeTar(entriesOf(content.open(call), call));
}

async function* entriesOf(bytes: Bytes, call: Call): AsyncGenerator<TarFile> {
  for (const name of ['Files/', 'Hives/']) yield { name, type: 'directory', mode: 0o555 };
  for await (const { body, ...entry } of readTar(decompress(bytes, call))) {
    const name = below(entry.name);
    // The root itself, as `tar -c .` writes it.
    if (name === 'Files/') continue;
    const linkname = entry.type === 'link' ? below(entry.linkname ?? '') : entry.linkname;
    yield { ...layerFile({ ...entry, name, linkname, pax: { ...entry.pax, ...PAX } }), size: entry.size, body };
  }
}

function below(name: string): string {
  return `Files/${name.replace(/^(?:\.?\/)+/, '').replace(/^\.$/, '')}`;
}

async function* between(bytes: Bytes, start: number, end: number): AsyncGenerator<Uint8Array> {
  let at = 0;
  for await (const chunk of bytes) {
    if (at >= end) return;
    const part = chunk.subarray(Math.max(0, start - at), Math.max(0, end - at));
    at += chunk.length;
    if (part.length > 0) yield part;
  }
}
