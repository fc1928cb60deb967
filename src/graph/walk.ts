/** Walking the graph: every manifest under a root once, parents before their children. */
import { OciError } from '../errors.ts';
import type { Call } from '../model/call.ts';
import type { Descriptor } from '../model/descriptor.ts';
import type { Manifest } from '../model/manifest.ts';
import type { Source } from '../store/types.ts';
import { MAX_DEPTH } from './copy.ts';

export interface Visit {
  readonly manifest: Manifest;
  /** The descriptor that led here: it has the platform, where an index gives one. */
  readonly descriptor: Descriptor;
  /** 0 for the root. */
  readonly depth: number;
}

/** The most manifests that one walk visits. */
export const MAX_MANIFESTS = 100_000;

/**
 * @throws OciError `NOT_FOUND`, `LIMIT`, and whatever the source throws
 */
export async function* walk(source: Source, root: string | Descriptor, options: Call = {}): AsyncGenerator<Visit> {
  const first = await source.manifest(root, options);
  const open: Visit[] = [{ manifest: first, descriptor: typeof root === 'string' ? first.descriptor : root, depth: 0 }];
  const seen = new Set([first.descriptor.digest]);
  for (let visit = open.shift(); visit !== undefined; visit = open.shift()) {
    yield visit;
    const depth = visit.depth + 1;
    const children: Visit[] = [];
    for (const { role, descriptor } of visit.manifest.links) {
      if (role !== 'manifest' || seen.has(descriptor.digest)) continue;
      if (depth > MAX_DEPTH)
        throw new OciError('LIMIT', `${descriptor.digest} is nested deeper than ${MAX_DEPTH} indexes`);
      if (seen.add(descriptor.digest).size > MAX_MANIFESTS)
        throw new OciError('LIMIT', `more than ${MAX_MANIFESTS} manifests`);
      children.push({ manifest: await source.manifest(descriptor, options), descriptor, depth });
    }
    open.unshift(...children);
  }
}
