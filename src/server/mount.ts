/**
 * Mounting a blob of another repository. Whoever mounts must be allowed to read it there: a registry that takes the
 * digest for proof gives private layers away (CVE-2024-39897). That is also why nothing is mounted without `from`.
 */
import { isOciError } from '../errors.ts';
import type { Digest } from '../model/digest.ts';
import { checkRepositoryName } from '../model/reference.ts';
import { type Exchange, storeOf } from './exchange.ts';

/** Is the blob there now? False: the client is to upload it; it is not told why. */
export async function mountBlob(exchange: Exchange, digest: Digest, from: string | null): Promise<boolean> {
  const { registry, call } = exchange;
  if (from === null || !isRepositoryName(from) || !(await exchange.may('pull', from))) return false;
  const source = registry.repository(from);
  const descriptor = await source.stat(digest, call);
  if (descriptor === undefined) return false;
  try {
    await storeOf(exchange).putBlob(source.blob(descriptor), call);
    return true;
  } catch (error) {
    // it was deleted in between
    if (isOciError(error, 'NOT_FOUND')) return false;
    throw error;
  }
}

function isRepositoryName(name: string): boolean {
  try {
    checkRepositoryName(name);
    return true;
  } catch {
    return false;
  }
}
