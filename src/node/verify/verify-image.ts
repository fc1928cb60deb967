/**
 * Is an image signed, or attested, by those whom a policy means? Its name is resolved once, and everything is held against that
 * digest. One signature that counts is enough; those beside it that do not are told.
 */
import { OciError } from '../../errors.ts';
import { collect, mapLimited } from '../../graph/collect.ts';
import { nameOf, select } from '../../graph/select.ts';
import type { AttachedScheme } from '../../image/attached/attachment.ts';
import type { Call } from '../../model/call.ts';
import type { Descriptor } from '../../model/descriptor.ts';
import type { Digest } from '../../model/digest.ts';
import type { Platform } from '../../model/platform.ts';
import type { Source } from '../../store/types.ts';
import { type Candidate, findCandidates, type SignedFormat, type Subjects } from './candidates.ts';
import { type Judge, judge, type Judged } from './judge.ts';
import { checkPolicy, type VerifyPolicy } from './policy.ts';
import { isProvenance } from './provenance.ts';
import { openProver } from './prover.ts';
import { reasonOf } from './refusal.ts';
import { COSIGN_SIGN, predicateType } from './statement.ts';

export interface VerifyImageOptions extends Call {
  /** The image for this platform, and not the index; signatures of the index count for it, too. */
  readonly platform?: Platform | undefined;
  /** Where signatures are kept, if not where the image is. */
  readonly from?: Source | undefined;
  /** Requests at a time; 4 unless told. */
  readonly concurrency?: number | undefined;
}

/** Where something signed stands. */
export interface SignedPlace {
  readonly format: SignedFormat;
  /** By what it is known to hang on the image. */
  readonly scheme: AttachedScheme;
  /** cosign's tag. */
  readonly tag?: string | undefined;
  /** The manifest that it stands in. */
  readonly manifest: Digest;
  /** Its own blob. */
  readonly blob: Digest;
}

/** A signature or attestation that counts. */
export interface Verified extends SignedPlace, Judged {}

/** One that does not. */
export interface Rejected extends Partial<SignedPlace> {
  readonly manifest: Digest;
  readonly reason: string;
}

export interface Verification {
  /** What is verified: use the image by this digest from here on. */
  readonly digest: Digest;
  /** The index that it was taken from for its platform. */
  readonly index?: Digest | undefined;
  /** At least one. */
  readonly verified: readonly Verified[];
  readonly rejected: readonly Rejected[];
  /** There were more than are looked at: 500, or 256 MiB. */
  readonly isCut: boolean;
}

/**
 * Verifies signatures of cosign (tags, referrers, sigstore's bundles) and attestations, with public keys or, with a trusted root,
 * certificates. Nothing but the source is asked.
 * @throws OciError `SIGNATURE_INVALID` where none counts; `USAGE` and `CONFIG_INVALID` for the policy; `NOT_FOUND`
 * @example
 * const { digest } = await verifyImage(repository, '1.0', { keys: [await readFile('cosign.pub', 'utf8')] });
 */
export async function verifyImage(
  source: Source,
  reference: string | Descriptor,
  policy: VerifyPolicy,
  options: VerifyImageOptions = {},
): Promise<Verification> {
  const { platform, from = source, concurrency = 4, signal, on } = options;
  const call: Call = { signal, on };
  const { formats, isWanted, what } = wanted(policy);
  const prove = await openProver(policy);
  const root = await source.manifest(reference, call);
  const image = platform === undefined ? root : await select(source, root.descriptor, { ...call, platform });
  const { digest } = image.descriptor;
  const subjects: Subjects = digest === root.descriptor.digest ? [image] : [image, root];
  const found = await findCandidates(source, subjects, from, formats, { ...call, concurrency });
  const by: Judge = { subjects, policy, isWanted, prove };
  const sentences = await collect(
    mapLimited(found.candidates, concurrency, (candidate) => sentence(by, from, candidate, call)),
  );
  const verified = sentences.flatMap((one) => (one !== undefined && 'signer' in one ? one : []));
  const rejected = [
    ...found.unread.map(({ found: { descriptor }, reason }) => ({ manifest: descriptor.digest, reason })),
    ...sentences.flatMap((one) => (one !== undefined && 'reason' in one ? one : [])),
  ];
  if (verified.length === 0)
    throw noneCounts(`${nameOf(source, root, reference)} (${digest})`, what, rejected, found.isCut);
  const index = subjects[1]?.descriptor.digest;
  return { digest, ...(index === undefined ? {} : { index }), verified, rejected, isCut: found.isCut };
}

interface Wanted {
  readonly formats: readonly SignedFormat[];
  readonly isWanted: (predicateType: string) => boolean;
  readonly what: string;
}

/** What the policy means by signed. */
function wanted(policy: VerifyPolicy): Wanted {
  checkPolicy(policy);
  const { attestation } = policy;
  if (attestation === undefined) {
    return { formats: ['simple-signing', 'bundle'], isWanted: (type) => type === COSIGN_SIGN, what: 'signature' };
  }
  const type = attestation.type === undefined ? undefined : predicateType(attestation.type);
  const { builderId, sourceUri, sourceTag, sourceRef } = attestation;
  if (type !== undefined && !isProvenance(type) && (builderId ?? sourceUri ?? sourceTag ?? sourceRef) !== undefined)
    throw new OciError('USAGE', `a builder and a source are asked for, and ${type} tells neither`, {
      hint: 'SLSA provenance does: leave the type out, or say slsaprovenance1',
    });
  const isWanted = type === undefined ? isProvenance : (other: string) => other === type;
  return { formats: ['envelope', 'bundle'], isWanted, what: `attestation of ${type ?? 'SLSA provenance'}` };
}

/** Reasons that the message has. */
const MAX_REASONS = 5;

function noneCounts(name: string, what: string, rejected: readonly Rejected[], isCut: boolean): OciError {
  const reasons = [...new Set(rejected.map(({ manifest, reason }) => `${manifest.slice(0, 19)}: ${reason}`))];
  const told = reasons.slice(0, MAX_REASONS).join('; ');
  const more = reasons.length > MAX_REASONS ? `; and ${reasons.length - MAX_REASONS} more` : '';
  const cut = isCut ? '; not all that is attached was looked at' : '';
  const problem = reasons.length === 0 ? `has no ${what}${cut}` : `has no ${what} that counts: ${told}${more}${cut}`;
  return new OciError('SIGNATURE_INVALID', `${name} ${problem}`, {
    hint: reasons.length === 0 ? '"lading referrers" shows what is attached to it' : undefined,
    digests: rejected.map(({ manifest }) => manifest),
  });
}

async function sentence(
  by: Judge,
  from: Source,
  candidate: Candidate,
  call: Call,
): Promise<Verified | Rejected | undefined> {
  const { format, layer, found } = candidate;
  const { scheme, tag, descriptor } = found;
  const place: SignedPlace = {
    format,
    scheme,
    ...(tag === undefined ? {} : { tag }),
    manifest: descriptor.digest,
    blob: layer.digest,
  };
  try {
    const judged = await judge(by, from, candidate, call);
    return judged && { ...place, ...judged };
  } catch (error) {
    return { ...place, reason: reasonOf(error) };
  }
}
