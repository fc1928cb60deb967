/** The shapes of good answers: headers spelt once, lengths always told. */
import type { Descriptor } from '../model/descriptor.ts';
import type { Digest } from '../model/digest.ts';

type Fields = Readonly<Record<string, string>>;

/** An answer without a body. 204 and 304 must not have a length (RFC 9110, "Content-Length"). */
export function empty(status: number, headers: Fields = {}): Response {
  const length = status === 204 || status === 304 ? {} : { 'Content-Length': '0' };
  return new Response(null, { status, headers: { ...headers, ...length } });
}

/** Bytes that are all there. */
export function whole(bytes: Uint8Array, type: string, headers: Fields = {}): Response {
  return new Response(bytes, {
    status: 200,
    headers: { ...headers, 'Content-Type': type, 'Content-Length': String(bytes.length) },
  });
}

export function json(document: unknown, headers: Fields = {}, type: string = 'application/json'): Response {
  return whole(new TextEncoder().encode(JSON.stringify(document)), type, headers);
}

/** `201 Created` for content that can now be pulled at `location`. */
export function created(location: string, digest: Digest, headers: Fields = {}): Response {
  return empty(201, { ...headers, Location: location, 'Docker-Content-Digest': digest });
}

/** What tells content: its digest is its entity tag as well. */
export function contentHeaders({ digest }: Descriptor): Record<string, string> {
  return { 'Docker-Content-Digest': digest, ETag: entityTag(digest) };
}

export function entityTag(digest: string): string {
  return `"${digest}"`;
}

/** Does a list of entity tags (`If-Match`, `If-None-Match`) name this one? `*` names any. */
export function namesTag(header: string, digest: Digest): boolean {
  const tags = header.split(',').map((tag) => tag.trim());
  return tags.includes('*') || tags.includes(entityTag(digest));
}
