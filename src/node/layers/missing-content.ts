/** Whether all that a manifest refers to is at hand, found out before anything is sent. Requests only look: they are HEADs. */
import { isOciError, OciError } from '../../errors.ts';
import { collect, mapLimited } from '../../graph/collect.ts';
import { MAX_DEPTH } from '../../graph/copy.ts';
import type { Call } from '../../model/call.ts';
import type { Descriptor } from '../../model/descriptor.ts';
import type { Link, Manifest } from '../../model/manifest.ts';
import { isForeign } from '../../store/links.ts';
import type { Source } from '../../store/types.ts';

/** Where content may be. */
export interface Places {
  readonly files: Source;
  /** How messages name the files. */
  readonly directory: string;
  /** Asked only for what is not among the files. */
  readonly target: Source;
}

/** What is known of one thing that is referred to. */
interface Look {
  readonly link: Link;
  readonly state: 'there' | 'missing' | 'wrong size';
  /** The manifest itself, where it is among the files. */
  readonly manifest?: Manifest;
}

/** @throws OciError `LAYER_MISSING` with all `digests`, `SIZE_MISMATCH`, `DIGEST_MISMATCH` of a manifest, `LAYOUT_INVALID`, `LIMIT` */
export async function requireContent(
  root: Manifest,
  places: Places,
  { concurrency = 4, signal, on }: Call & { readonly concurrency?: number | undefined },
): Promise<void> {
  const looked = new Map<string, Look>();
  let level: readonly Manifest[] = [root];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH)
      throw new OciError('LIMIT', `${root.descriptor.digest} is nested deeper than ${MAX_DEPTH} indexes`);
    const fresh = new Map<string, Link>();
    for (const link of level.flatMap(({ links }) => links)) {
      if (!isForeign(link) && !looked.has(keyOf(link))) fresh.set(keyOf(link), link);
    }
    const looks = await collect(mapLimited(fresh.values(), concurrency, (link) => look(link, places, { signal, on })));
    for (const one of looks) looked.set(keyOf(one.link), one);
    level = looks.flatMap(({ manifest }) => (manifest === undefined ? [] : [manifest]));
  }
  refuse(root, places, [...looked.values()]);
}

function keyOf({ role, descriptor }: Link): string {
  return `${role === 'manifest' ? role : 'blob'} ${descriptor.digest}`;
}

async function look(link: Link, { files, target }: Places, call: Call): Promise<Look> {
  const { descriptor } = link;
  const { digest, size } = descriptor;
  const file = await files.stat(digest, call);
  const isManifest = link.role === 'manifest';
  if (isManifest && file !== undefined) {
    return { link, state: 'there', manifest: await files.manifest(descriptor, call) };
  }
  if (file?.size === size) return { link, state: 'there' };
  const ask = isManifest ? target.resolve(digest, call) : target.stat(digest, call);
  if ((await unlessDenied(ask))?.size === size) return { link, state: 'there' };
  return { link, state: file === undefined ? 'missing' : 'wrong size' };
}

/** A registry that lets nobody read a repository that is not there yet may still let us push to it. */
async function unlessDenied(ask: Promise<Descriptor | undefined>): Promise<Descriptor | undefined> {
  try {
    return await ask;
  } catch (error) {
    if (isOciError(error, 'DENIED', 'PROTOCOL', 'UNSUPPORTED')) return undefined;
    throw error;
  }
}

function refuse({ descriptor }: Manifest, { directory }: Places, looks: readonly Look[]): void {
  const digestsOf = (state: Look['state']): string[] => [
    ...new Set(looks.filter((one) => one.state === state).map(({ link }) => link.descriptor.digest)),
  ];
  const missing = digestsOf('missing');
  const wrong = digestsOf('wrong size');
  if (missing.length > 0) {
    const what = `${missing.length} of the files that ${descriptor.digest} refers to`;
    throw new OciError('LAYER_MISSING', `${directory} lacks ${what}: ${missing.join(', ')}`, {
      hint: 'nothing was sent: they are neither in the directory nor where it is to go',
      digests: missing,
    });
  }
  if (wrong.length > 0) {
    throw new OciError('SIZE_MISMATCH', `the files in ${directory} have the wrong size: ${wrong.join(', ')}`, {
      hint: 'nothing was sent: remove them and pull them again',
      digests: wrong,
    });
  }
}
