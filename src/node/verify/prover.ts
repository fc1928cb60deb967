/** Who signed: by one of the keys, or by the owner of a certificate whom the policy means. */
import { OciError } from '../../errors.ts';
import type { Annotations } from '../../model/descriptor.ts';
import { quote } from '../../model/quote.ts';
import { bundleOf, type Claim, encodedEnvelope } from './claim.ts';
import { type CertificateIdentity, type CertificatePolicy, identityTest, type VerifyPolicy } from './policy.ts';
import { parsePublicKey, type PublicKey } from './public-key.ts';
import { checkParts, readObject, refusal } from './refusal.ts';
import type { OpenBundle, ProveBundle } from './sigstore.ts';

/** Who it is that signed. */
export type Signer = { /** The fingerprint of the key. */ readonly key: string } | CertificateIdentity;

/** Where a signature's certificate and log entry stand: in the bundle, or in the annotations of its layer. */
export type Material = { readonly bundle: OpenBundle } | { readonly annotations: Annotations };

/** @throws OciError `SIGNATURE_INVALID` where it is nobody whom the policy means */
export type Prove = (claim: Claim, material: Material) => Promise<Signer>;

/**
 * @throws OciError `USAGE`, `CONFIG_INVALID` for keys and roots that are none
 */
export async function openProver({ keys = [], certificate }: VerifyPolicy): Promise<Prove> {
  return certificate === undefined ? keyProver(keys.map(parsePublicKey)) : certificateProver(certificate);
}

function keyProver(keys: readonly PublicKey[]): Prove {
  return async (claim) => {
    const key = keys.find((one) => isBy(one, claim));
    if (key !== undefined) return { key: key.fingerprint };
    throw refusal(keys.length === 1 ? 'it is not signed with the key' : 'it is signed with none of the keys');
  };
}

function isBy(key: PublicKey, claim: Claim): boolean {
  if (claim.kind === 'message') return key.verify(claim.bytes, claim.signature);
  const bytes = encodedEnvelope(claim);
  return claim.signatures.some((signature) => key.verify(bytes, signature));
}

async function certificateProver(policy: CertificatePolicy): Promise<Prove> {
  const isWanted = identityTest(policy);
  const prove = await trustedRoot(policy.trustedRoot);
  return async (claim, material) => {
    const bundle = 'bundle' in material ? material.bundle : await openedBundle(bundleOf(claim, material.annotations));
    if (!bundle.hasCertificate) throw refusal('it was made with a key, and brings no certificate');
    const owner = attempt(() => prove(bundle, claim.kind === 'message' ? claim.bytes : undefined), 'it is not proved');
    if (isWanted(owner)) return owner;
    throw refusal(`it is signed by ${quote(owner.identity)}, whom ${quote(owner.issuer)} knows`);
  };
}

/** The libraries are loaded only where they are needed. */
async function trustedRoot(json: string): Promise<ProveBundle> {
  const { openTrustedRoot } = await import('./sigstore.ts');
  try {
    return openTrustedRoot(json);
  } catch (cause) {
    throw new OciError('CONFIG_INVALID', `the trusted root cannot be read: ${textOf(cause)}`, {
      hint: 'it is the trusted_root.json of sigstore, or of a deployment of your own',
      cause,
    });
  }
}

/** A bundle of its JSON. @throws OciError `SIGNATURE_INVALID` */
export async function parseBundle(bytes: Uint8Array): Promise<OpenBundle> {
  checkParts(bytes, 'the bundle');
  return openedBundle(readObject(bytes, 'the bundle'));
}

async function openedBundle(json: object): Promise<OpenBundle> {
  const { openBundle } = await import('./sigstore.ts');
  return attempt(() => openBundle(json), 'the bundle is malformed');
}

/** Whatever the libraries say of a stranger's bundle is about that bundle. */
function attempt<T>(work: () => T, what: string): T {
  try {
    return work();
  } catch (cause) {
    throw refusal(`${what}: ${textOf(cause)}`, cause);
  }
}

function textOf(error: unknown): string {
  const inner = error instanceof Error && error.cause instanceof Error ? ` (${error.cause.message})` : '';
  const text = error instanceof Error ? `${error.message}${inner}` : String(error);
  return quote(text).slice(1, -1);
}
