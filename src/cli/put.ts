/** Putting one manifest under its names, and telling what came of it. */
import type { Manifest } from '../model/manifest.ts';
import { formatReference, type Reference } from '../model/reference.ts';
import type { Target } from '../store/types.ts';
import type { Session } from './session.ts';
import { styled } from './style.ts';

export interface PutAtOptions {
  readonly repository: Target;
  readonly manifest: Manifest;
  /** Its names there; one without a tag puts it under its digest. */
  readonly references: readonly Reference[];
  readonly dryRun: boolean;
}

export async function putAt(
  session: Session,
  { repository, manifest, references, dryRun }: PutAtOptions,
): Promise<void> {
  const { output, call } = session;
  const { digest, mediaType, size } = manifest.descriptor;
  const tags = references.flatMap(({ tag, digest: named }) => (tag === undefined || named !== undefined ? [] : [tag]));
  const outcome = dryRun ? 'planned' : await repository.putManifest(manifest, { ...call, tags });
  const names = references.map((reference) => formatReference({ ...reference, digest }));
  if (output.isJson) return output.json({ references: names, digest, mediaType, size, outcome });
  for (const name of names) await output.line(name);
  if (dryRun) output.note(styled('nothing was changed: this was a dry run', 'dim'));
  else if (outcome === 'exists') output.note(styled('it was there already, nothing was changed', 'dim'));
}
