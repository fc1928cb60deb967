/** Images and indexes that are to be changed, and the least change that there is. */
import type { Change, ImageChange } from '../../src/image/change/change.ts';
import type { Platform } from '../../src/model/platform.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/types.ts';
import { type Built, buildArtifact, buildImage, type Family, putBuilt } from '../../src/testing/fixtures.ts';

const layers = [{ files: { 'etc/name': 'lading\n' } }];
export const platform = (architecture: string, variant?: string): Platform => ({
  os: 'linux',
  architecture,
  ...(variant === undefined ? {} : { variant }),
});

/** Sets the author, and leaves everything else. */
export const sign: Change = ({ manifest, configDocument }): ImageChange => ({
  manifest: manifest.document,
  config: { ...configDocument, author: 'Me' },
});

export async function imageFor(architecture: string, family: Family = 'oci'): Promise<Built> {
  return buildImage({ layers, platform: platform(architecture), family });
}

export function listed(built: Built, extra: object): Built {
  return { ...built, descriptor: { ...built.descriptor, ...extra } };
}

/** As BuildKit lists them. */
export function attestationOf({ descriptor }: Built): Built {
  const about = {
    'vnd.docker.reference.type': 'attestation-manifest',
    'vnd.docker.reference.digest': descriptor.digest,
  };
  const made = buildArtifact({ artifactType: 'application/x.attestation', annotations: { about: descriptor.digest } });
  return listed(made, { platform: { os: 'unknown', architecture: 'unknown' }, annotations: about });
}

export async function stored(built: Built): Promise<Store> {
  const store = createMemoryStore();
  await putBuilt(store, built, { tags: ['1'] });
  return store;
}

export const digestsOf = (entries: readonly { readonly digest: string }[]): string[] =>
  entries.map(({ digest }) => digest);
