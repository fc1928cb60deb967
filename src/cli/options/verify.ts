/** The options of `verify`, and the policy that they are. */
import { type Command, Option, type OptionValues } from '@commander-js/extra-typings';
import { OciError } from '../../errors.ts';
import { quote, withoutLogin } from '../../model/quote.ts';
import { formatReference } from '../../model/reference.ts';
import { parseLocator } from '../../node/locator.ts';
import type { AttestationPolicy, CertificatePolicy, VerifyPolicy } from '../../node/verify/policy.ts';
import type { Context } from '../context.ts';
import { readInput } from '../places/input-file.ts';
import { manyPairs } from './named-values.ts';
import { many } from './shared.ts';

export type PolicyFlags = {
  readonly key?: readonly string[] | undefined;
  readonly trustedRoot?: string | undefined;
  readonly certificateIdentity?: string | undefined;
  readonly certificateIdentityRegexp?: string | undefined;
  readonly certificateOidcIssuer?: string | undefined;
  readonly certificateOidcIssuerRegexp?: string | undefined;
  readonly annotation?: readonly string[] | undefined;
  readonly checkReference?: true | undefined;
  readonly type?: string | undefined;
  readonly builderId?: string | undefined;
  readonly sourceUri?: string | undefined;
  readonly sourceTag?: string | undefined;
  readonly sourceRef?: string | undefined;
};

const SIGNER = 'Who must have signed:';
const ATTESTED = 'What must be attested:';

/** Who must have signed, and what. */
export function policyOptions<A extends unknown[], O extends OptionValues>(
  command: Command<A, O>,
): Command<A, O & PolicyFlags> {
  const signer = [
    new Option('--key <file>', 'who has this public key, in PEM; repeat it for any of several').argParser(many),
    new Option(
      '--trusted-root <file>',
      "who has a certificate of these authorities: sigstore's trusted_root.json",
    ).conflicts('key'),
    new Option('--certificate-identity <name>', 'the mail address or URL that the certificate is for'),
    new Option('--certificate-identity-regexp <expression>', 'the same; write ^ and $ to match all of it'),
    new Option('--certificate-oidc-issuer <url>', 'who knew that identity'),
    new Option('--certificate-oidc-issuer-regexp <expression>', 'the same; write ^ and $ to match all of it'),
    new Option('-a, --annotation <name=value>', 'what must have been signed along; repeat it for more').argParser(
      manyPairs,
    ),
    new Option('--check-reference', 'the signature must be for this name, and not only for this digest'),
  ];
  const attested = [
    new Option(
      '--type <type>',
      'not a signature, but an attestation of this type: slsaprovenance1, spdxjson, …, or a URI',
    ),
    new Option('--builder-id <id>', 'SLSA provenance of this builder, or of one that the glob matches'),
    new Option('--source-uri <uri>', 'built from this repository, or from one that the glob matches'),
    new Option('--source-tag <tag>', 'built from this tag'),
    new Option('--source-ref <ref>', 'built from this ref, e.g. refs/heads/main').conflicts('sourceTag'),
  ];
  for (const option of signer) command.addOption(option.helpGroup(SIGNER));
  for (const option of attested) command.addOption(option.helpGroup(ATTESTED));
  return command;
}

const MAX_KEY = 64 * 1024;
const MAX_ROOT = 8 * 1024 * 1024;

/**
 * Reads the files that the flags name.
 * @throws OciError `USAGE`, `IO`, `TOO_LARGE`
 */
export async function policyOf(context: Context, image: string, flags: PolicyFlags): Promise<VerifyPolicy> {
  const keys = flags.key && (await Promise.all(flags.key.map((file) => readKey(context, file))));
  return {
    keys,
    certificate: await certificateOf(context, flags),
    annotations: flags.annotation && Object.fromEntries(flags.annotation.map(pairOf)),
    reference: flags.checkReference === true ? nameOf(image) : undefined,
    attestation: attestationOf(flags),
  };
}

async function certificateOf(context: Context, flags: PolicyFlags): Promise<CertificatePolicy | undefined> {
  const told = {
    identity: flags.certificateIdentity,
    identityRegexp: flags.certificateIdentityRegexp,
    issuer: flags.certificateOidcIssuer,
    issuerRegexp: flags.certificateOidcIssuerRegexp,
  };
  if (flags.trustedRoot !== undefined)
    return { ...told, trustedRoot: await readText(context, flags.trustedRoot, MAX_ROOT) };
  if (Object.values(told).every((value) => value === undefined)) return undefined;
  throw new OciError('USAGE', 'a certificate is asked for without --trusted-root', {
    hint: 'it is a file with the authorities to believe: sigstore publishes its own as trusted_root.json',
  });
}

/** cosign takes URLs of key services, too. @throws OciError `USAGE` */
async function readKey(context: Context, file: string): Promise<string> {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(file)) {
    throw new OciError('USAGE', `--key takes a file, and ${quote(withoutLogin(file))} is none`, {
      hint: `write the public key to one: "cosign public-key --key URL > cosign.pub" asks a key service`,
    });
  }
  if (file === '') throw new OciError('USAGE', '--key names no file');
  return readText(context, file, MAX_KEY);
}

async function readText(context: Context, file: string, limit: number): Promise<string> {
  return new TextDecoder().decode(await readInput(context, file, limit));
}

function pairOf(text: string): readonly [name: string, value: string] {
  const at = text.indexOf('=');
  return [text.slice(0, at), text.slice(at + 1)];
}

/** The name without what says which image it is today. @throws OciError `USAGE` for a local image */
function nameOf(image: string): string {
  const locator = parseLocator(image);
  if (locator.kind !== 'registry') {
    throw new OciError('USAGE', '--check-reference is for images in a registry', {
      hint: 'a local image has no name there',
    });
  }
  const { digest: _, ...name } = locator.reference;
  return formatReference(name);
}

/** undefined: a signature is asked for. */
function attestationOf({
  type,
  builderId,
  sourceUri,
  sourceTag,
  sourceRef,
}: PolicyFlags): AttestationPolicy | undefined {
  const policy: AttestationPolicy = { type, builderId, sourceUri, sourceTag, sourceRef };
  return Object.values(policy).every((value) => value === undefined) ? undefined : policy;
}
