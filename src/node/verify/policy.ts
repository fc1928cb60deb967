/** What a verification asks for, as data: who must have signed, and what the signed must say. How it is proved, others decide. */
import { OciError } from '../../errors.ts';

/** Who signs, and what is signed. */
export interface VerifyPolicy {
  /** Public keys in PEM (ECDSA P-256, P-384, P-521, Ed25519, RSA from 2048 bits); a signature by any of them will do. */
  readonly keys?: readonly string[] | undefined;
  /** Instead of keys: whose certificate it must be. */
  readonly certificate?: CertificatePolicy | undefined;
  /** What the signer must have written beside the digest: cosign's `-a name=value`. */
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  /** The name that the signature must be for: `ghcr.io/o/app`; a tag counts where both have one. */
  readonly reference?: string | undefined;
  /** An attestation is wanted, and not a signature. */
  readonly attestation?: AttestationPolicy | undefined;
}

/** A signer without a key of his own (sigstore's "keyless"). Each of the two is told, as it is or by a regular expression. */
export interface CertificatePolicy {
  /** Authorities and logs to believe: the JSON of sigstore's `trusted_root.json`. Those it does not name are not asked for. */
  readonly trustedRoot: string;
  /** The subject of the certificate: a mail address, or the URL of a workflow. */
  readonly identity?: string | undefined;
  /** As cosign's: it may match anywhere, unless it says ^ and $. */
  readonly identityRegexp?: string | undefined;
  /** Who knew the subject: `https://token.actions.githubusercontent.com`. */
  readonly issuer?: string | undefined;
  readonly issuerRegexp?: string | undefined;
}

/** What must be attested. */
export interface AttestationPolicy {
  /** A predicate type, or cosign's short name of one (`slsaprovenance1`, `spdxjson`); SLSA provenance unless told. */
  readonly type?: string | undefined;
  /** Who built it, in SLSA provenance: the id, without its `@version` if any will do, or a glob. */
  readonly builderId?: string | undefined;
  /** What it was built from: `github.com/o/app`, or a glob. */
  readonly sourceUri?: string | undefined;
  /** `v1.2`, short for `refs/tags/v1.2`. */
  readonly sourceTag?: string | undefined;
  /** `refs/heads/main` */
  readonly sourceRef?: string | undefined;
}

/** What a certificate tells of its owner. */
export interface CertificateIdentity {
  readonly identity: string;
  readonly issuer: string;
}

/** Is the owner of a certificate whom the policy means? */
export type IdentityTest = (owner: CertificateIdentity) => boolean;

/** @throws OciError `USAGE` for a policy that anybody, or nobody, could satisfy */
export function checkPolicy(policy: VerifyPolicy): void {
  const { keys, certificate } = policy;
  const byKey = keys !== undefined && keys.length > 0;
  if (byKey === (certificate !== undefined)) {
    throw new OciError(
      'USAGE',
      byKey ? 'a key and a certificate are asked for' : 'it is not said whose signature is wanted',
      {
        hint: 'give public keys, or a trusted root with the identity and the issuer of a certificate',
      },
    );
  }
  if (policy.attestation !== undefined && policy.reference !== undefined)
    throw new OciError('USAGE', 'an attestation is asked for by name', {
      hint: 'it is for digests only: a name is in signatures',
    });
  const { sourceTag, sourceRef } = policy.attestation ?? {};
  const empty = Object.entries(policy.attestation ?? {}).find(([, value]) => value === '');
  // It is what a variable of a script is that nobody has set.
  if (empty !== undefined) throw new OciError('USAGE', `the ${empty[0]} of the attestation is empty`);
  if (sourceTag !== undefined && sourceRef !== undefined)
    throw new OciError('USAGE', 'a source is asked for by tag and by ref', { hint: 'a tag is the ref refs/tags/TAG' });
}

/** @throws OciError `USAGE` where the identity or the issuer is left open, or an expression is none */
export function identityTest(policy: CertificatePolicy): IdentityTest {
  const isIdentity = textTest('identity', policy.identity, policy.identityRegexp);
  const isIssuer = textTest('issuer', policy.issuer, policy.issuerRegexp);
  return ({ identity, issuer }) => isIdentity(identity) && isIssuer(issuer);
}

function textTest(what: string, exact: string | undefined, expression: string | undefined): (text: string) => boolean {
  if ((exact === undefined) === (expression === undefined) || exact === '' || expression === '') {
    throw new OciError('USAGE', `the ${what} of the certificate has to be told, in one way`, {
      hint: 'authorities give a certificate to anybody: without the identity and its issuer it proves nothing',
    });
  }
  if (exact !== undefined) return (text) => text === exact;
  const pattern = compiled(expression ?? '', what);
  return (text) => pattern.test(text);
}

function compiled(expression: string, what: string): RegExp {
  try {
    return new RegExp(expression, 'u');
  } catch (cause) {
    throw new OciError('USAGE', `the regular expression for the ${what} is none`, {
      hint: 'it is written as in JavaScript, which has no (?i): [Oo] is either letter',
      cause,
    });
  }
}
