/** One signature, judged: read within bounds, proved, and held to what it must say. What it is proved by first, and said after, counts. */
import { readAll } from '../../bytes/read.ts';
import type { Call } from '../../model/call.ts';
import type { Digest } from '../../model/digest.ts';
import { digestHex } from '../../model/digest.ts';
import { quote } from '../../model/quote.ts';
import { parseReference, type Reference } from '../../model/reference.ts';
import type { Source } from '../../store/types.ts';
import type { Candidate, Subjects } from './candidates.ts';
import { type Claim, parseEnvelope, SIGNATURE_ANNOTATION } from './claim.ts';
import type { AttestationPolicy, VerifyPolicy } from './policy.ts';
import { checkProvenance, type Provenance, readProvenance } from './provenance.ts';
import { type Material, parseBundle, type Prove, type Signer } from './prover.ts';
import { readBase64, refusal } from './refusal.ts';
import { parseSimpleSigning } from './simple-signing.ts';
import { IN_TOTO, parseStatement, subjectFor } from './statement.ts';

/** What a signature that counts has said. */
export interface Judged {
  /** Which digest it is of: the image's, or that of its index. */
  readonly subject: Digest;
  readonly signer: Signer;
  /** The name that it was signed under; nobody has checked it unless the policy asks for one. */
  readonly reference?: string | undefined;
  readonly annotations?: Readonly<Record<string, unknown>> | undefined;
  readonly predicateType?: string | undefined;
  readonly provenance?: Provenance | undefined;
  /** The document that was signed; undefined where it was the image's manifest itself. */
  readonly payload?: Readonly<Record<string, unknown>> | undefined;
}

/** What all signatures of one verification are judged by. */
export interface Judge {
  readonly subjects: Subjects;
  readonly policy: VerifyPolicy;
  /** Is it a predicate type that is asked for? */
  readonly isWanted: (predicateType: string) => boolean;
  readonly prove: Prove;
}

const MAX_SIGNATURE_BYTES = 1024 * 1024;
const MAX_ATTESTATION_BYTES = 64 * 1024 * 1024;
/** What is longer is proved before it is read: small JSON can be made that fills the memory. */
const MAX_UNPROVED_BYTES = 1024 * 1024;

/**
 * @returns undefined: it is not of the kind that is asked for
 * @throws OciError `SIGNATURE_INVALID`, and what reading it ends with
 */
export async function judge(by: Judge, from: Source, candidate: Candidate, call: Call): Promise<Judged | undefined> {
  const { format, layer } = candidate;
  const limit = format === 'simple-signing' ? MAX_SIGNATURE_BYTES : MAX_ATTESTATION_BYTES;
  if (layer.size > limit) throw refusal(`it is larger than ${limit} bytes`);
  const bytes = await readAll(from.blob(layer).open(call), limit, 'it');
  const annotations = layer.annotations ?? {};
  if (format === 'envelope') return judgeStatement(by, parseEnvelope(bytes), { annotations });
  if (format === 'bundle') return judgeBundle(by, bytes);
  const signature = readBase64(annotations[SIGNATURE_ANNOTATION], 'its signature');
  return judgeSimple(by, { kind: 'message', bytes, signature }, { annotations });
}

type Message = Claim & { readonly kind: 'message' };
type Envelope = Claim & { readonly kind: 'envelope' };

async function judgeSimple({ prove, subjects, policy }: Judge, claim: Message, material: Material): Promise<Judged> {
  const signer = await prove(claim, material);
  const { digest, reference, annotations, document } = parseSimpleSigning(claim.bytes);
  const subject = subjects.find(({ descriptor }) => descriptor.digest === digest);
  if (subject === undefined) throw refusal(`it is a signature of ${quote(digest)}`);
  checkAnnotations(annotations, policy);
  if (policy.reference !== undefined) checkReference(reference, parseReference(policy.reference));
  return { subject: subject.descriptor.digest, signer, reference, annotations, payload: document };
}

/** A bundle has a statement, or signs the manifest itself. */
async function judgeBundle(by: Judge, bytes: Uint8Array): Promise<Judged | undefined> {
  const bundle = await parseBundle(bytes);
  const { content } = bundle;
  if (content.kind === 'envelope') return judgeStatement(by, content, { bundle });
  if (by.policy.attestation !== undefined) return undefined;
  const hex = Buffer.from(content.digest).toString('hex');
  const subject = by.subjects.find(({ descriptor }) => digestHex(descriptor.digest) === hex);
  if (subject === undefined) throw refusal(`it is a signature of ${hex.slice(0, 128)}`);
  const { signature } = content;
  const signer = await by.prove({ kind: 'message', bytes: subject.bytes, signature }, { bundle });
  checkAnnotations({}, by.policy);
  if (by.policy.reference !== undefined) checkReference(undefined, parseReference(by.policy.reference));
  return { subject: subject.descriptor.digest, signer };
}

async function judgeStatement(by: Judge, claim: Envelope, material: Material): Promise<Judged | undefined> {
  const { prove, subjects, policy, isWanted } = by;
  if (claim.payloadType !== IN_TOTO) throw refusal(`its payload is ${quote(claim.payloadType)}, not a statement`);
  const known = claim.payload.length > MAX_UNPROVED_BYTES ? await prove(claim, material) : undefined;
  const statement = parseStatement(claim.payload);
  const { predicateType, predicate, document } = statement;
  // Left unproved: it can only be missed, never be believed.
  if (!isWanted(predicateType)) return undefined;
  const signer = known ?? (await prove(claim, material));
  for (const { descriptor } of subjects) {
    const subject = subjectFor(statement, descriptor.digest);
    if (subject === undefined) continue;
    checkAnnotations(subject.annotations, policy);
    if (policy.reference !== undefined) checkReference(undefined, parseReference(policy.reference));
    const provenance = policy.attestation && checkedProvenance(predicateType, predicate, policy.attestation);
    return {
      subject: descriptor.digest,
      signer,
      annotations: subject.annotations,
      predicateType,
      provenance,
      payload: document,
    };
  }
  throw refusal('it is a statement about other digests');
}

function checkedProvenance(type: string, predicate: unknown, policy: AttestationPolicy): Provenance | undefined {
  const provenance = readProvenance(type, predicate);
  if (provenance !== undefined) checkProvenance(provenance, policy);
  return provenance;
}

function checkAnnotations(annotations: Readonly<Record<string, unknown>>, policy: VerifyPolicy): void {
  for (const [name, value] of Object.entries(policy.annotations ?? {})) {
    if (!Object.hasOwn(annotations, name)) throw refusal(`it does not say ${quote(name)}`);
    if (annotations[name] !== value) throw refusal(`it says ${quote(name)} is ${quote(annotations[name])}`);
  }
}

/** cosign signs for a repository, podman and skopeo for a tag of it: a tag counts where both have one. */
function checkReference(told: string | undefined, wanted: Reference): void {
  if (told === undefined) throw refusal('it names no image');
  const named = readReference(told);
  const isSame = named?.domain === wanted.domain && named.path === wanted.path;
  const isOtherTag = named?.tag !== undefined && wanted.tag !== undefined && named.tag !== wanted.tag;
  if (!isSame || isOtherTag) throw refusal(`it is for the name ${quote(told)}`);
}

function readReference(text: string): Reference | undefined {
  try {
    return parseReference(text);
  } catch {
    return undefined;
  }
}
