/**
 * Writing a blob: only the bytes that are missing are asked of the content, which verifies itself to the end. A failed
 * transfer is kept for the next attempt; wrong bytes and a full disk are not.
 */
import { isOciError, OciError } from '../errors.ts';
import { type Hasher, hasherFor } from '../bytes/hash.ts';
import { MIN_TRANSFER_BYTES } from '../bytes/transfer.ts';
import type { Call } from '../model/call.ts';
import type { Content } from '../store/types.ts';
import { blobPath } from './paths.ts';
import type { Draft, WriteTree } from './tree.ts';

/** @throws OciError `DIGEST_MISMATCH`, `SIZE_MISMATCH`, `DISK_FULL`, `IO`, and whatever the content throws */
export async function putBlob(
  tree: WriteTree,
  content: Content,
  options: Call,
): Promise<'exists' | 'mounted' | 'written'> {
  const { digest, size } = content.descriptor;
  const path = blobPath(digest);
  const isThere = async (): Promise<boolean> => (await tree.stat(path)) === size;
  if (await isThere()) return 'exists';
  if (content.origin !== undefined && (await tree.adopt(path, content.origin)) && (await isThere())) return 'mounted';
  const draft = await tree.draft(path, size, options);
  try {
    // Whoever had the draft before us may have finished it.
    if (await isThere()) return 'exists';
    await fill(draft, content, options);
    await draft.publish(path);
    return 'written';
  } finally {
    await (draft.size === 0 ? draft.discard() : draft.close());
  }
}

async function fill(draft: Draft, content: Content, options: Call): Promise<void> {
  const kept = draft.size;
  try {
    await continueWith(draft, content, options);
  } catch (error) {
    if (isOciError(error, 'DISK_FULL')) await draft.reset();
    if (!isOciError(error, 'DIGEST_MISMATCH', 'SIZE_MISMATCH')) throw error;
    await draft.reset();
    // What an interrupted attempt left may itself be damaged: the source is blamed when it fails from the beginning.
    if (kept === 0) throw error;
    await fill(draft, content, options);
  }
}

async function continueWith(draft: Draft, content: Content, { signal, on }: Call): Promise<void> {
  const { digest, size } = content.descriptor;
  const prefix = draft.size === 0 ? undefined : await hashOf(draft, content, signal);
  if (draft.size === size && prefix?.copy().digest() === digest) return;
  if (draft.size >= size) await draft.reset();
  if (draft.size === 0 && (await poured(draft, content, { signal, on }))) return;
  if (draft.size > 0 && prefix === undefined) return continueWith(draft, content, { signal, on });
  const from = draft.size === 0 ? {} : { start: draft.size, prefix };
  await draft.append(content.open({ signal, on, ...from }), { signal });
  if (draft.size === size) return;
  throw new OciError('SIZE_MISMATCH', `${digest} has the wrong size: ${draft.size} of ${size} bytes`, {
    digests: [digest],
  });
}

/** The way past this thread, where both ends have it. */
async function poured(draft: Draft, { descriptor, pour }: Content, call: Call): Promise<boolean> {
  if (pour === undefined || draft.fill === undefined || descriptor.size < MIN_TRANSFER_BYTES) return false;
  return draft.fill(descriptor, (transfer) => pour(transfer, call));
}

async function hashOf(draft: Draft, content: Content, signal: AbortSignal | undefined): Promise<Hasher> {
  const hasher = hasherFor(content.descriptor.digest);
  for await (const chunk of draft.read({ signal })) hasher.update(chunk);
  return hasher;
}
