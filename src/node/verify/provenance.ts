/**
 * SLSA provenance, v0.2 and v1: who built it, and from what. Where builders put their source differs; of several places that one
 * document has, all must name the wanted one, and a list of dependencies counts only where it leaves no doubt.
 */
import { isObject } from '../../model/descriptor.ts';
import { quote } from '../../model/quote.ts';
import { matchesPattern } from './pattern.ts';
import type { AttestationPolicy } from './policy.ts';
import { dig, digText, refusal } from './refusal.ts';

export interface ProvenanceSource {
  /** Without `git+`, `.git` and the ref. */
  readonly uri: string;
  readonly ref?: string | undefined;
}

export interface Provenance {
  readonly builderId?: string | undefined;
  readonly sources: readonly ProvenanceSource[];
}

/** What provenance tells; undefined: it is of another predicate type. */
export function readProvenance(predicateType: string, predicate: unknown): Provenance | undefined {
  if (predicateType === 'https://slsa.dev/provenance/v0.2') return readV02(predicate);
  return predicateType === 'https://slsa.dev/provenance/v1' ? readV1(predicate) : undefined;
}

/** Is it of a type that {@link readProvenance} reads? */
export function isProvenance(predicateType: string): boolean {
  return readProvenance(predicateType, {}) !== undefined;
}

function readV02(predicate: unknown): Provenance {
  const source = digText(predicate, 'invocation', 'configSource', 'uri');
  return {
    builderId: digText(predicate, 'builder', 'id'),
    sources: source ? [splitSource(source)] : onlyGit(dig(predicate, 'materials')),
  };
}

/** GitHub's `workflow`, BuildKit's `configSource`, Google's `sourceToBuild` and `buildConfigSource`, and `source` of others. */
const PLACES = ['workflow', 'configSource', 'sourceToBuild', 'buildConfigSource', 'source'] as const;

function readV1(predicate: unknown): Provenance {
  const named = PLACES.flatMap((place) => namedSource(dig(predicate, 'buildDefinition', 'externalParameters', place)));
  return {
    builderId: digText(predicate, 'runDetails', 'builder', 'id'),
    sources: named.length > 0 ? named : onlyGit(dig(predicate, 'buildDefinition', 'resolvedDependencies')),
  };
}

function namedSource(value: unknown): readonly ProvenanceSource[] {
  const uri = typeof value === 'string' ? value : (digText(value, 'repository') ?? digText(value, 'uri'));
  if (uri === undefined || uri === '') return [];
  const ref = digText(value, 'ref');
  return [{ ...splitSource(uri), ...(ref === undefined ? {} : { ref }) }];
}

/** The one that is a git repository: of two it is not told which was built, and which was only used. */
function onlyGit(list: unknown): readonly ProvenanceSource[] {
  if (!Array.isArray(list)) return [];
  const uris = list.flatMap((item: unknown) => (isObject(item) ? (digText(item, 'uri') ?? []) : []));
  const git = uris.filter((uri) => uri.startsWith('git+'));
  return git.length === 1 ? git.map(splitSource) : [];
}

/** `git+https://host/o/app.git@refs/tags/v1`, BuildKit's `https://host/o/app.git#refs/tags/v1:directory`. */
function splitSource(text: string): ProvenanceSource {
  const bare = text.replace(/^git\+/, '');
  const hash = bare.indexOf('#');
  if (hash >= 0) return withRef(bare.slice(0, hash), bare.slice(hash + 1).split(':', 1)[0]);
  const at = bare.lastIndexOf('@');
  const ref = bare.slice(at + 1);
  // What stands before a host is a user.
  const isRef = at > 0 && ref !== '' && (ref.startsWith('refs/') || !ref.includes('/'));
  return isRef ? withRef(bare.slice(0, at), ref) : withRef(bare);
}

function withRef(uri: string, ref: string = ''): ProvenanceSource {
  const clean = uri.replace(/\/$/, '').replace(/\.git$/, '');
  return ref === '' ? { uri: clean } : { uri: clean, ref };
}

/** @throws OciError `SIGNATURE_INVALID` where it is not what the policy asks for */
export function checkProvenance({ builderId, sources }: Provenance, policy: AttestationPolicy): void {
  if (policy.builderId !== undefined && !isBuilder(builderId, policy.builderId))
    throw refusal(`it was built by ${quote(builderId ?? 'nobody who is named')}`);
  if (policy.sourceUri !== undefined) checkSource(sources, policy.sourceUri);
  const ref = wantedRef(policy);
  if (ref === undefined) return;
  const refs = sources.flatMap((source) => source.ref ?? []);
  if (refs.length === 0) throw refusal('it does not tell the ref that it was built from');
  const other = refs.find((one) => one !== ref);
  if (other !== undefined) throw refusal(`it was built from the ref ${quote(other)}`);
}

/** An id without a version is meant in any of them, as slsa-verifier takes it. */
function isBuilder(builderId: string | undefined, wanted: string): boolean {
  if (builderId === undefined) return false;
  const plain = wanted.includes('@') ? builderId : builderId.replace(/@(?:refs\/[^@]*|[^@/]*)$/, '');
  return [builderId, plain].some((id) => matchesPattern(wanted, id));
}

function checkSource(sources: readonly ProvenanceSource[], wanted: string): void {
  if (sources.length === 0) throw refusal('it does not tell for certain what it was built from');
  const { uri } = splitSource(wanted.includes('://') ? wanted : `https://${wanted}`);
  const other = sources.find((source) => !matchesPattern(uri, source.uri));
  if (other !== undefined) throw refusal(`it was built from ${quote(other.uri)}`);
}

function wantedRef({ sourceUri, sourceTag, sourceRef }: AttestationPolicy): string | undefined {
  if (sourceTag !== undefined) return `refs/tags/${sourceTag}`;
  return sourceRef ?? (sourceUri === undefined ? undefined : splitSource(sourceUri).ref);
}
