/** The v1 client of a run, and the image that a user means by a tag or by its id. */
import { isOciError, OciError } from '../../errors.ts';
import { familiarReference, parseReference, type Reference, withDefaultTag } from '../../model/reference.ts';
import { createV1Client, type V1Client } from '../../v1/client.ts';
import type { Session } from '../session.ts';
import { nearest } from '../suggest.ts';

/** A client for a registry that the user named; the session closes its connections. */
export async function openV1(session: Session, registry: string): Promise<V1Client> {
  return createV1Client(await session.sendOptions(registry));
}

export interface NamedRepository {
  readonly client: V1Client;
  /** Without a digest, for there are none. */
  readonly reference: Reference;
  /** How results name it: `quay.io/team/app`. */
  readonly repository: string;
}

/** @throws OciError `REFERENCE_INVALID`, `USAGE` */
export async function openV1Repository(session: Session, text: string): Promise<NamedRepository> {
  const reference = parseReference(text);
  if (reference.digest !== undefined) {
    throw new OciError('USAGE', `${text} has a digest: the v1 protocol knows none`, {
      hint: 'name a tag, or an image id',
    });
  }
  const client = await openV1(session, reference.domain);
  return { client, reference, repository: `${reference.domain}/${reference.path}` };
}

export interface NamedImage extends NamedRepository {
  readonly imageId: string;
}

/** The image of a tag, `latest` unless told, or the one whose id stands beside the name. */
export async function openV1Image(session: Session, text: string, id: string | undefined): Promise<NamedImage> {
  const named = await openV1Repository(session, text);
  if (id === undefined) return { ...named, imageId: await imageIdOf(session, named) };
  if (named.reference.tag !== undefined) throw new OciError('USAGE', 'name a tag or an image id, not both');
  return { ...named, imageId: id };
}

/** @throws OciError `NOT_FOUND`, with the tags that are near */
export async function imageIdOf({ call }: Session, { client, reference }: NamedRepository): Promise<string> {
  const { tag = 'latest', ...name } = withDefaultTag(reference);
  try {
    return await client.imageId(name, tag, call);
  } catch (error) {
    if (!isOciError(error, 'NOT_FOUND')) throw error;
    const hint = await hintFor(client, name, tag, call).catch(() => error.hint);
    const { message, status, errors, request } = error;
    throw new OciError('NOT_FOUND', message, { status, errors, request, hint });
  }
}

/** A hint is worth no longer wait, in milliseconds, and no longer search. */
const PATIENCE_MS = 3000;
const MAX_TAGS = 2000;

async function hintFor(client: V1Client, name: Reference, tag: string, call: Session['call']): Promise<string> {
  const shown = familiarReference(name);
  const signal = AbortSignal.any([call.signal, AbortSignal.timeout(PATIENCE_MS)]);
  const tags = await client.tags(name, { ...call, signal });
  const near = nearest(tag, Object.keys(tags).slice(0, MAX_TAGS));
  if (near.length === 0) return `see "lading v1 tags ${shown}" for the tags that there are`;
  return `did you mean ${near.map((one) => `${shown}:${one}`).join(' or ')}?`;
}
