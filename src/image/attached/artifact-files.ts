/** The files of an artifact, as its manifests name them; where they go, others decide. */
import { OciError } from '../../errors.ts';
import type { Call } from '../../model/call.ts';
import type { Descriptor } from '../../model/descriptor.ts';
import type { Manifest } from '../../model/manifest.ts';
import { OCI_EMPTY } from '../../model/media-types.ts';
import type { Platform } from '../../model/platform.ts';
import { MAX_DEPTH } from '../../graph/copy.ts';
import { select } from '../../graph/select.ts';
import { walk } from '../../graph/walk.ts';
import { overlay } from '../../store/overlay.ts';
import type { Source } from '../../store/types.ts';
import { TITLE } from './artifact.ts';

export interface ArtifactFilesOptions extends Call {
  /** Of an index, the artifact for this platform; all of them unless told. */
  readonly platform?: Platform | undefined;
  /** Those of what it is attached to, too, and of what that is attached to. */
  readonly includeSubject?: boolean | undefined;
}

/** A file of an artifact. */
export interface ArtifactFile {
  readonly descriptor: Descriptor;
  /** undefined: nobody said what it is called. */
  readonly title?: string | undefined;
}

export interface ArtifactFiles {
  /** What the reference stands for, or its artifact for the platform. */
  readonly root: Manifest;
  readonly files: readonly ArtifactFile[];
}

/**
 * The files of an artifact, in the order of its manifests. What stands for nothing (the empty layer) is none.
 * @throws OciError `NOT_FOUND`, `LIMIT`, and whatever the source throws
 */
export async function artifactFiles(
  source: Source,
  reference: string | Descriptor,
  options: ArtifactFilesOptions = {},
): Promise<ArtifactFiles> {
  const { platform, includeSubject = false, signal, on } = options;
  const call: Call = { signal, on };
  const root = await select(source, reference, { ...call, platform });
  const files: ArtifactFile[] = [];
  let next: Manifest | undefined = root;
  for (let depth = 0; next !== undefined; depth++) {
    if (depth > MAX_DEPTH) {
      throw new OciError('LIMIT', `${root.descriptor.digest} is attached to more than ${MAX_DEPTH} others in a row`);
    }
    for await (const { manifest } of walk(overlay(source, { manifests: [next] }), next.descriptor, call))
      files.push(...filesIn(manifest));
    const subject: Descriptor | undefined = includeSubject ? next.subject : undefined;
    next = subject && (await source.manifest(subject, call));
  }
  return { root, files };
}

function filesIn({ links }: Manifest): readonly ArtifactFile[] {
  return links.flatMap(({ role, descriptor }) => {
    const title = descriptor.annotations?.[TITLE];
    if (role !== 'layer' || (descriptor.mediaType === OCI_EMPTY && title === undefined)) return [];
    return [{ descriptor, title }];
  });
}
