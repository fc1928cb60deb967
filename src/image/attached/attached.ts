/**
 * Everything that hangs on an image, whoever put it there and however: what names it as its subject (by the referrers API, or in the
 * list under the fallback tag), what cosign keeps under tags of its digest, and what BuildKit attests in the index; and what hangs on
 * that. Which of it is wanted is decided in `attached-filter`.
 */
import { OciError } from '../../errors.ts';
import type { Call } from '../../model/call.ts';
import type { Descriptor } from '../../model/descriptor.ts';
import type { Digest } from '../../model/digest.ts';
import { isIndex } from '../../model/manifest.ts';
import type { Platform } from '../../model/platform.ts';
import { mapLimited } from '../../graph/collect.ts';
import { MAX_DEPTH } from '../../graph/copy.ts';
import { entryFor, nameOf, requirePlatform } from '../../graph/select.ts';
import type { Source } from '../../store/types.ts';
import { type AttachedFilter, filterAttached } from './attached-filter.ts';
import { type Found, lookups, type Subject } from './attached-lookup.ts';
import type { Attached } from './attachment.ts';
import { attestedBy, leavesOf } from '../index/entries.ts';

export interface AttachedOptions extends Call, AttachedFilter {
  /** What hangs on the image for this platform; on all of an index, and on the index itself, unless told. */
  readonly platform?: Platform | undefined;
  /** How many steps to go: 1 is what hangs on the image itself. Unless told all, of which there may be 8. */
  readonly depth?: number | undefined;
  /** Where what is attached is kept, if not where the image is. */
  readonly from?: Source | undefined;
  /** Requests at a time; 8 unless told. */
  readonly concurrency?: number | undefined;
}

/** The most that one call finds. */
const MAX_ATTACHED = 10_000;

/**
 * What hangs on an image and on each of its platforms, those that hang on the same one together, and those that hang on others after
 * these.
 * @throws OciError `NOT_FOUND`, `PROTOCOL` for a list in which something hangs on itself, `LIMIT`, and whatever the source throws
 * @example
 * for await (const { descriptor, scheme } of attached(repository, '1.0', { artifactType: 'application/spdx+json' })) {
 *   console.log(descriptor.digest, scheme);
 * }
 */
export async function* attached(
  source: Source,
  reference: string | Descriptor,
  options: AttachedOptions = {},
): AsyncGenerator<Attached> {
  yield* filterAttached(everything(source, reference, options), options);
}

/** A node of the tree, and those that it hangs on. */
interface Node extends Subject {
  readonly above: readonly Digest[];
}

async function* everything(
  source: Source,
  reference: string | Descriptor,
  options: AttachedOptions,
): AsyncGenerator<Attached> {
  const { concurrency = 8, signal, on } = options;
  const from = options.from ?? source;
  const seen = new Set<string>();
  let count = 0;
  let level: readonly Node[] = await roots(source, reference, options);
  for (let depth = 1; level.length > 0 && depth <= (options.depth ?? Infinity); depth++) {
    const next: Node[] = [];
    const asked = level.flatMap((node) => lookups(node).map((look) => ({ node, look })));
    const results = mapLimited(asked, concurrency, async ({ node, look }) => ({
      node,
      found: await look(from, { signal, on }),
    }));
    for await (const { node, found } of results) {
      for (const one of found) {
        if (depth > MAX_DEPTH && options.depth === undefined) throw tooDeep(node);
        if (++count > MAX_ATTACHED) throw new OciError('LIMIT', `more than ${MAX_ATTACHED} are attached`);
        const below = belowOf(node, one);
        yield placed(one, node, depth);
        if (seen.size < seen.add(one.descriptor.digest).size) next.push(below);
      }
    }
    level = next;
  }
}

function placed(found: Found, { descriptor, platform }: Node, depth: number): Attached {
  return { ...found, subject: descriptor.digest, depth, ...(platform === undefined ? {} : { platform }) };
}

/** What hangs on something is asked for like that on an image. @throws OciError `PROTOCOL` */
function belowOf({ descriptor: subject, above, platform }: Node, { descriptor }: Found): Node {
  const path = [...above, subject.digest];
  if (!path.includes(descriptor.digest)) return { descriptor, platform, above: path, attestations: [] };
  throw new OciError('PROTOCOL', `${descriptor.digest} is listed as attached to itself`, {
    hint: 'no content can name its own digest: the list of the registry is wrong',
  });
}

function tooDeep({ descriptor }: Node): OciError {
  return new OciError('LIMIT', `what hangs on ${descriptor.digest} is more than ${MAX_DEPTH} steps from an image`, {
    hint: 'say how many steps are wanted',
  });
}

/** The image, and those of its platforms. */
async function roots(
  source: Source,
  reference: string | Descriptor,
  { platform, signal, on }: AttachedOptions,
): Promise<readonly Node[]> {
  const call: Call = { signal, on };
  const root = await source.manifest(reference, call);
  const name = nameOf(source, root, reference);
  if (!isIndex(root)) {
    if (platform !== undefined) await requirePlatform(source, root, platform, name, call);
    return [nodeOf(root.descriptor)];
  }
  const leaves = await leavesOf(source, root, call);
  const entries = distinct(leaves.flatMap(({ role, descriptor }) => (role === 'manifest' ? [descriptor] : [])));
  const images = entries.filter((entry) => attestedBy(entry) === undefined && entry.platform?.os !== 'unknown');
  const of = ({ digest }: Descriptor): Descriptor[] => entries.filter((entry) => attestedBy(entry) === digest);
  if (platform !== undefined) {
    const image = entryFor(images, platform, name);
    return [nodeOf(image, of(image))];
  }
  const known = new Set<string>(images.map(({ digest }) => digest));
  // What is attested of something that is not in the index hangs on the index: else nobody would see it.
  const others = entries.filter((entry) => attestedBy(entry) !== undefined && !known.has(attestedBy(entry) ?? ''));
  return [nodeOf(root.descriptor, others), ...images.map((image) => nodeOf(image, of(image)))];
}

function nodeOf(descriptor: Descriptor, attestations: readonly Descriptor[] = []): Node {
  return { descriptor, platform: descriptor.platform ?? undefined, attestations, above: [] };
}

function distinct(entries: readonly Descriptor[]): readonly Descriptor[] {
  return [...new Map(entries.map((entry) => [entry.digest, entry])).values()];
}

export type { AttachedFilter } from './attached-filter.ts';
export type { Attached, AttachedScheme } from './attachment.ts';
