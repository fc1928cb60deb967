/** Putting one manifest under its names, and telling what came of it. */
import type { Manifest } from '../../model/manifest.ts';
import { formatReference, type Reference } from '../../model/reference.ts';
import type { Target } from '../../store/types.ts';
import type { Session } from '../session.ts';
import { styled } from '../terminal/style.ts';

export interface PutOptions {
  readonly target: Target;
  readonly manifest: Manifest;
  /** Without any it is put under its digest. */
  readonly tags: readonly string[];
  /** Whole names, as they are told. */
  readonly names: readonly string[];
  readonly dryRun: boolean;
}

export async function put(session: Session, { target, manifest, tags, names, dryRun }: PutOptions): Promise<void> {
  const { output, call } = session;
  const { digest, mediaType, size } = manifest.descriptor;
  const outcome = dryRun ? 'planned' : await target.putManifest(manifest, { ...call, tags });
  if (output.isJson) return output.json({ references: names, digest, mediaType, size, outcome });
  for (const name of names) await output.line(name);
  if (dryRun) output.note(styled('nothing was changed: this was a dry run', 'dim'));
  else if (outcome === 'exists') output.note(styled('it was there already, nothing was changed', 'dim'));
}

export interface PutAtOptions extends Pick<PutOptions, 'manifest' | 'dryRun'> {
  readonly repository: Target;
  /** Its names there; one without a tag puts it under its digest. */
  readonly references: readonly Reference[];
}

/** The same in a registry's repository. */
export async function putAt(session: Session, options: PutAtOptions): Promise<void> {
  const { repository: target, manifest, references, dryRun } = options;
  const { digest } = manifest.descriptor;
  const tags = references.flatMap(({ tag, digest: named }) => (tag === undefined || named !== undefined ? [] : [tag]));
  const names = references.map((reference) => formatReference({ ...reference, digest }));
  await put(session, { target, manifest, tags, names, dryRun });
}
