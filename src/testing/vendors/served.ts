/** What a vendor's registry has to know of what it serves. */
import type { IngestRegistry } from '../../store/types.ts';

export async function hasRepository(registry: IngestRegistry, name: string): Promise<boolean> {
  for await (const one of registry.repositories()) if (one === name) return true;
  return false;
}

/** The tags that stand for a manifest. */
export async function tagsOf(registry: IngestRegistry, repository: string, digest: string): Promise<readonly string[]> {
  const store = registry.repository(repository);
  const found: string[] = [];
  for await (const tag of store.tags()) if ((await store.resolve(tag))?.digest === digest) found.push(tag);
  return found;
}
