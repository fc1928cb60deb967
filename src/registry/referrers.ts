/**
 * What is attached to a manifest (distribution-spec, "Listing Referrers"): by the referrers API where there is one, else by
 * the index under the fallback tag, which is kept up in `referrers-tag`.
 */
import { isOciError, OciError } from '../errors.ts';
import type { Call } from '../model/call.ts';
import { type Descriptor, isObject, parseDescriptor } from '../model/descriptor.ts';
import { type Digest, parseDigest } from '../model/digest.ts';
import { isIndex } from '../model/manifest.ts';
import { bareMediaType, OCI_INDEX } from '../model/media-types.ts';
import type { ReferrersOptions } from '../store/types.ts';
import { pullManifest } from './manifest.ts';
import { askPage, type Listing, pagesFrom } from './pages.ts';
import { apiUrl, type Exchange, failed, pathIn, scopesFor, settle } from './requests.ts';
import { nameOf, type Place } from './session.ts';

/** @throws OciError `DIGEST_INVALID`, `UNAUTHORIZED`, `DENIED`, `PROTOCOL`, `LIMIT` */
export async function* listReferrers(
  place: Place,
  subject: Descriptor,
  options: ReferrersOptions = {},
): AsyncGenerator<Descriptor> {
  const digest = parseDigest(subject.digest);
  const { artifactType } = options;
  const seen = new Set<Digest>();
  for await (const { descriptor, filtered } of unfiltered(place, digest, options)) {
    const wanted = artifactType === undefined || filtered || descriptor.artifactType === artifactType;
    if (!wanted || seen.has(descriptor.digest)) continue;
    seen.add(descriptor.digest);
    yield descriptor;
  }
}

interface Found {
  readonly descriptor: Descriptor;
  /** The registry has applied the filter. */
  readonly filtered: boolean;
}

async function* unfiltered(place: Place, digest: Digest, options: ReferrersOptions): AsyncGenerator<Found> {
  const listing = listingOf(place, digest);
  let first = await askApi(place, listing, digest, options);
  if (!isPage(first)) {
    const tagged = await taggedReferrers(place, digest, options);
    for (const descriptor of tagged ?? []) yield { descriptor, filtered: false };
    if (tagged !== undefined || first === 'absent') return;
    // Who may read and was forbidden to list may have been so for a moment: that is no empty list.
    first = await askApi(place, listing, digest, options);
    if (!isPage(first)) return;
  }
  for await (const { json, exchange } of pagesFrom(place, listing, first, options)) {
    const applied = exchange.response.headers['oci-filters-applied'] ?? '';
    const filtered = applied.split(',').some((filter) => filter.trim() === 'artifactType');
    for (const descriptor of valid(place, entriesOf(json, listing), listing, options)) yield { descriptor, filtered };
  }
}

function listingOf(place: Place, digest: Digest): Listing {
  return {
    what: `the referrers of ${nameOf(place)}@${digest}`,
    accept: OCI_INDEX,
    scopes: scopesFor(place, 'pull'),
  };
}

function isPage(asked: Asked): asked is Exchange {
  return typeof asked === 'object';
}

/** The first page; `absent`: there is no such API; `forbidden`: there is none, or it may not be used. */
type Asked = Exchange | 'absent' | 'forbidden';

async function askApi(place: Place, listing: Listing, digest: Digest, options: ReferrersOptions): Promise<Asked> {
  const { referrers: wanted } = place.host;
  if (wanted === 'tag' || (wanted === undefined && place.facts.referrers === 'tagged')) return 'absent';
  const { artifactType } = options;
  const query = artifactType === undefined ? '' : `?artifactType=${encodeURIComponent(artifactType)}`;
  const url = apiUrl(place, pathIn(place, `referrers/${digest}${query}`));
  const exchange = await askPage(place, listing, url, options);
  const { status, headers } = exchange.response;
  // GHCR sends on to a page of GitHub's: what is no index is no answer of this API.
  if (status === 200 && /[/+]json$/.test(bareMediaType(headers['content-type']) ?? '')) {
    place.facts.referrers = 'listed';
    return exchange;
  }
  const refusal = await failed(exchange, `cannot list ${listing.what}`);
  // An unknown repository says nothing of the API. 401 and 403 (Harbor 2.7): whoever may not read is told so with the tag.
  const unknownName = refusal.errors.some(({ code }) => code === 'NAME_UNKNOWN');
  if (wanted === 'api' && !unknownName) throw noApi(refusal);
  if (status === 429 || (status >= 500 && status !== 501)) throw refusal;
  const telling = [200, 405, 501].includes(status) || (status === 404 && !unknownName);
  if (telling && place.facts.referrers === undefined) place.facts.referrers = 'tagged';
  return status === 401 || status === 403 ? 'forbidden' : 'absent';
}

/** What is answered where there is no such API, when nothing else will do. */
function noApi(refusal: OciError): OciError {
  if (!isOciError(refusal, 'NOT_FOUND', 'UNSUPPORTED', 'PROTOCOL')) return refusal;
  const hint = 'it has no referrers API: let the list be kept under a tag';
  return new OciError('UNSUPPORTED', refusal.message, { hint, cause: refusal });
}

/** Whether the registry keeps the list itself; asked of it once. */
export async function hasReferrersApi(place: Place, subject: Digest, { signal, on }: Call): Promise<boolean> {
  if (place.host.referrers === 'tag') return false;
  if (place.facts.referrers !== undefined) return place.facts.referrers === 'listed';
  const first = await askApi(place, listingOf(place, subject), subject, { signal, on });
  if (!isPage(first)) return false;
  await settle(first);
  return true;
}

function entriesOf(json: unknown, { what }: Listing): readonly unknown[] {
  const entries = isObject(json) ? (json.manifests ?? []) : undefined;
  if (Array.isArray(entries)) return entries;
  throw new OciError('PROTOCOL', `cannot list ${what}: the answer is not an index`);
}

function* valid(place: Place, entries: readonly unknown[], listing: Listing, { on }: Call): Generator<Descriptor> {
  for (const [at, entry] of entries.entries()) {
    try {
      yield parseDescriptor(entry, `manifests[${at}]`);
    } catch (error) {
      if (!(error instanceof OciError)) throw error;
      const text = `skipped an entry in ${listing.what}: ${error.message}`;
      on?.({ type: 'warning', host: place.host.name, text });
    }
  }
}

/** The tag under which clients keep the list where the registry does not ("Referrers Tag Schema"). */
export function referrersTag(subject: Digest): string {
  const [algorithm = '', hex = ''] = subject.split(':', 2);
  return `${algorithm.slice(0, 32)}-${hex.slice(0, 64)}`;
}

/** The entries under the fallback tag; without a valid index there, there are none, and without the tag, nothing is known. */
async function taggedReferrers(
  place: Place,
  digest: Digest,
  { signal, on }: Call,
): Promise<readonly Descriptor[] | undefined> {
  try {
    const manifest = await pullManifest(place, referrersTag(digest), { signal, on });
    return isIndex(manifest) ? manifest.document.manifests : [];
  } catch (error) {
    if (isOciError(error, 'NOT_FOUND')) return undefined;
    if (isOciError(error, 'MANIFEST_INVALID', 'DESCRIPTOR_INVALID', 'DIGEST_INVALID')) return [];
    throw error;
  }
}
