/** The images and artifacts of a soak: few, so that places fill and then stay as large as they are. */
import {
  type Built,
  buildArtifact,
  buildImage,
  buildIndex,
  putBuilt,
  seededBytes,
} from '../../../src/testing/fixtures.ts';
import { createMemoryStore } from '../../../src/store/memory.ts';
import type { Store } from '../../../src/store/types.ts';

export interface SoakImage {
  readonly built: Built;
  /** Attached to it by who attaches. */
  readonly artifacts: readonly Built[];
}

export interface SoakImages {
  readonly images: readonly SoakImage[];
  /** Every blob and manifest by its digest. */
  readonly bytes: ReadonlyMap<string, Uint8Array>;
  /** A store that has all of them. */
  readonly origin: Store;
}

const SIZES = [900, 5000, 40_000, 150_000];

export async function soakImages(): Promise<SoakImages> {
  const common = seededBytes(20_000, 'soak common');
  const single = await Promise.all(
    SIZES.map((size, at) => buildImage({ layers: [common, seededBytes(size, `soak ${at}`)] })),
  );
  const docker = await buildImage({ layers: [common], family: 'docker' });
  const index = buildIndex({ manifests: single.slice(0, 2) });
  const images = [...single, docker, index].map((built) => ({ built, artifacts: artifactsOf(built) }));
  const origin = createMemoryStore();
  const bytes = new Map<string, Uint8Array>();
  for (const { built, artifacts } of images) {
    await putBuilt(origin, built);
    for (const one of [built, ...artifacts]) await keep(one, bytes);
  }
  return { images, bytes, origin };
}

function artifactsOf({ descriptor }: Built): readonly Built[] {
  return [0, 1].map((at) =>
    buildArtifact({
      artifactType: `application/vnd.soak.${at}`,
      subject: descriptor,
      blobs: [{ bytes: seededBytes(300, `artifact ${at}`) }],
    }),
  );
}

async function keep({ manifest, blobs, children }: Built, bytes: Map<string, Uint8Array>): Promise<void> {
  bytes.set(manifest.descriptor.digest, manifest.bytes);
  for (const blob of blobs) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of blob.open()) chunks.push(chunk);
    bytes.set(blob.descriptor.digest, Buffer.concat(chunks));
  }
  for (const child of children) await keep(child, bytes);
}
