/** What is told of a tag beside its name: when its image was made, and for which platforms. What does not tell is no error in a list. */
import { isOciError } from '../../errors.ts';
import type { Call } from '../../model/call.ts';
import type { Descriptor } from '../../model/descriptor.ts';
import { isIndex } from '../../model/manifest.ts';
import { isSchema1Type } from '../../model/media-types.ts';
import { formatPlatform, type Platform, platformOf } from '../../model/platform.ts';
import { imageConfig } from '../../graph/select.ts';
import { CREATED } from '../../image/attached/artifact.ts';
import { chooseImage } from '../../image/choose.ts';
import type { Repository } from '../../registry/repository.ts';
import type { Source } from '../../store/types.ts';

export interface ImageFacts {
  /** RFC 3339: of the annotation, else of the config. */
  readonly created?: string | undefined;
  /** Each once, in the order of the index. */
  readonly platforms: readonly string[];
}

const NOTHING: ImageFacts = { platforms: [] };

/** Reads the facts of images, those of one digest once, however many tags it has. */
export function imageFacts(
  source: Source,
  repository: Repository | undefined,
  call: Call,
): (tag: string, descriptor: Descriptor) => Promise<ImageFacts> {
  const known = new Map<string, Promise<ImageFacts>>();
  return (tag, descriptor) => {
    const facts = known.get(descriptor.digest) ?? orNothing(() => read(source, repository, tag, descriptor, call));
    known.set(descriptor.digest, facts);
    return facts;
  };
}

/** A list of a thousand tags does not end at one that is broken, retired, or gone meanwhile. */
async function orNothing(facts: () => Promise<ImageFacts>): Promise<ImageFacts> {
  try {
    return await facts();
  } catch (error) {
    const codes = ['NOT_FOUND', 'VERSION_UNSUPPORTED', 'UNSUPPORTED', 'TOO_LARGE', 'LIMIT', 'PROTOCOL'] as const;
    const invalid = ['MANIFEST_INVALID', 'DESCRIPTOR_INVALID', 'DIGEST_INVALID'] as const;
    const wrong = ['DIGEST_MISMATCH', 'SIZE_MISMATCH'] as const;
    if (isOciError(error, ...codes, ...invalid, ...wrong)) return NOTHING;
    throw error;
  }
}

async function read(
  source: Source,
  repository: Repository | undefined,
  tag: string,
  descriptor: Descriptor,
  call: Call,
): Promise<ImageFacts> {
  if (isSchema1Type(descriptor.mediaType)) return repository === undefined ? NOTHING : retired(repository, tag, call);
  const { root, image, entries } = await chooseImage(source, descriptor, call);
  const config = await imageConfig(source, image, call);
  const told = root.document.annotations?.[CREATED] ?? image.document.annotations?.[CREATED] ?? config?.created;
  const platforms = isIndex(root) ? entries.map((entry) => entry.platform) : [config && platformOf(config)];
  return { created: timeOf(told), platforms: namesOf(platforms) };
}

/** An image of schema 1 tells it with its topmost step. */
async function retired(repository: Repository, tag: string, call: Call): Promise<ImageFacts> {
  const { layers, document } = await repository.schema1(tag, call);
  const { created, os = 'linux', architecture = document.architecture } = layers.at(-1)?.v1 ?? {};
  const isPlatform = typeof os === 'string' && typeof architecture === 'string';
  return { created: timeOf(created), platforms: namesOf(isPlatform ? [platformOf({ os, architecture })] : []) };
}

function timeOf(time: unknown): string | undefined {
  return typeof time === 'string' && !Number.isNaN(Date.parse(time)) ? time : undefined;
}

function namesOf(platforms: readonly (Platform | null | undefined)[]): readonly string[] {
  return [...new Set(platforms.flatMap((platform) => (platform ? [formatPlatform(platform)] : [])))];
}
