/** in-toto statements: what is attested of which digests (in-toto attestation framework, "Statement", v0.1 and v1). */
import { isObject } from '../../model/descriptor.ts';
import { type Digest, digestAlgorithm, digestHex } from '../../model/digest.ts';
import { OciError } from '../../errors.ts';
import { quote } from '../../model/quote.ts';
import { dig, digText, readObject, refusal } from './refusal.ts';

/** The type of a payload that is a statement. */
export const IN_TOTO = 'application/vnd.in-toto+json';
/** What cosign attests when it signs (since 3.0). */
export const COSIGN_SIGN = 'https://sigstore.dev/cosign/sign/v1';

/** cosign's short names. */
const SHORT: Readonly<Record<string, string>> = {
  slsaprovenance: 'https://slsa.dev/provenance/v0.2',
  slsaprovenance02: 'https://slsa.dev/provenance/v0.2',
  slsaprovenance1: 'https://slsa.dev/provenance/v1',
  spdx: 'https://spdx.dev/Document',
  spdxjson: 'https://spdx.dev/Document',
  cyclonedx: 'https://cyclonedx.org/bom',
  link: 'https://in-toto.io/Link/v1',
  vuln: 'https://cosign.sigstore.dev/attestation/vuln/v1',
  openvex: 'https://openvex.dev/ns',
  custom: 'https://cosign.sigstore.dev/attestation/v1',
};

export const PREDICATE_NAMES: readonly string[] = Object.keys(SHORT);

/**
 * A predicate type by its name.
 * @throws OciError `USAGE` for what is neither a short name nor a URI
 */
export function predicateType(name: string): string {
  const known = Object.hasOwn(SHORT, name) ? SHORT[name] : undefined;
  if (known !== undefined) return known;
  if (/^[a-z][a-z0-9+.-]*:\S+$/i.test(name)) return name;
  throw new OciError('USAGE', `${quote(name)} is no predicate type`, {
    hint: `a URI, or one of ${PREDICATE_NAMES.join(', ')}`,
  });
}

/** What is attested. */
export interface Statement {
  readonly predicateType: string;
  readonly predicate: unknown;
  readonly subjects: readonly Subject[];
  readonly document: Readonly<Record<string, unknown>>;
}

interface Subject {
  /** Hex by algorithm. */
  readonly digests: Readonly<Record<string, unknown>>;
  readonly annotations: Readonly<Record<string, unknown>>;
}

const MAX_SUBJECTS = 10_000;

/** @throws OciError `SIGNATURE_INVALID` */
export function parseStatement(bytes: Uint8Array): Statement {
  const document = readObject(bytes, 'the statement');
  const { subject } = document;
  const type = digText(document, 'predicateType');
  if (!/^https:\/\/in-toto\.io\/Statement\/v(?:0\.1|1)$/.test(digText(document, '_type') ?? ''))
    throw refusal(`the statement is of the unknown type ${quote(document._type)}`);
  if (type === undefined) throw refusal('the statement has no predicate type');
  if (!Array.isArray(subject) || subject.length > MAX_SUBJECTS) throw refusal('the statement lists no subjects');
  return { predicateType: type, predicate: document.predicate, subjects: subject.map(subjectOf), document };
}

function subjectOf(value: unknown): Subject {
  const [digests, annotations] = [dig(value, 'digest'), dig(value, 'annotations')];
  return { digests: isObject(digests) ? digests : {}, annotations: isObject(annotations) ? annotations : {} };
}

/** The subject that is this digest. */
export function subjectFor({ subjects }: Statement, digest: Digest): Subject | undefined {
  const [algorithm, hex] = [digestAlgorithm(digest), digestHex(digest)];
  return subjects.find(({ digests }) => Object.hasOwn(digests, algorithm) && digests[algorithm] === hex);
}
