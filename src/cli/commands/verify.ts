/** `verify`: is an image signed, or attested, by those whom the flags name? */
import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import type { Rejected, Verification, Verified } from '../../node/verify/verify-image.ts';
import type { Platform } from '../../model/platform.ts';
import { openFrom } from '../places/ends.ts';
import { withExamples } from '../examples.ts';
import type { Frame } from '../frame.ts';
import { openImages } from '../places/locators.ts';
import { IMAGE_PLACES, outputOptions, platformOption, registryOptions } from '../options/shared.ts';
import type { Session } from '../session.ts';
import { type Piece, styled } from '../terminal/style.ts';
import { type PolicyFlags, policyOf, policyOptions } from '../options/verify.ts';

export function build(frame: Frame): CommandUnknownOpts {
  const command = policyOptions(registryOptions(outputOptions(new Command())))
    .description(
      'Verify signatures and attestations of an image: those of cosign, under tags or attached, and bundles of sigstore. One that counts is enough. Ends with 5 when there is none.',
    )
    .argument('<image>', IMAGE_PLACES)
    .addOption(platformOption())
    .option('--external <repository>', 'where signatures are kept, if not beside the image')
    .action((image, flags) =>
      frame.run(flags, async (session) => {
        await verify(session, image, flags);
      }),
    );
  return withExamples(
    command,
    'lading verify --key cosign.pub ghcr.io/o/app:1',
    'lading verify --trusted-root trusted_root.json --certificate-identity me@example.org --certificate-oidc-issuer https://github.com/login/oauth ghcr.io/o/app:1',
    'lading verify --key cosign.pub --type spdxjson --json ghcr.io/o/app:1',
    'lading verify --key builder.pub --source-uri github.com/o/app --source-tag v1 ghcr.io/o/app:1',
  );
}

type VerifyFlags = PolicyFlags & {
  readonly platform?: Platform | undefined;
  readonly external?: string | undefined;
};

async function verify(session: Session, image: string, flags: VerifyFlags): Promise<void> {
  const { output, call, context } = session;
  const { platform, external } = flags;
  const { concurrency } = session.flags;
  const policy = await policyOf(context, image, flags);
  const place = await openFrom(session, image);
  const from = external === undefined ? undefined : (await openImages(session, external)).source;
  const { verifyImage } = await import('../../node/verify/verify-image.ts');
  const result = await verifyImage(place.source, place.reference, policy, { ...call, platform, from, concurrency });
  const name = place.at(result.digest);
  for (const { manifest, reason } of result.rejected) output.warn(`${manifest} does not count: ${reason}`);
  if (result.isCut) output.warn('more is attached than was looked at');
  if (output.isJson) return output.json({ reference: name, ...told(result) });
  if (output.isQuiet) return output.line(name);
  await output.line(styled(name, 'bold'), ': ', styled('verified', 'green'));
  for (const one of result.verified) await output.line(...lineOf(one, result));
}

/** What the JSON tells. */
export interface ToldVerification {
  readonly digest: string;
  readonly index?: string | undefined;
  readonly verified: readonly Verified[];
  readonly rejected: readonly Rejected[];
  readonly complete: boolean;
}

function told({ digest, index, verified, rejected, isCut }: Verification): ToldVerification {
  return { digest, index, verified, rejected, complete: !isCut };
}

function lineOf(
  { predicateType, provenance, signer, subject, tag, format }: Verified,
  { index }: Verification,
): Piece[] {
  const who = 'key' in signer ? `the key ${signer.key}` : `${signer.identity} (${signer.issuer})`;
  const sources = (provenance?.sources ?? []).map(
    ({ uri, ref }) => `built from ${uri}${ref === undefined ? '' : ` at ${ref}`}`,
  );
  const notes = [
    ...sources,
    ...(provenance?.builderId === undefined ? [] : [`by ${provenance.builderId}`]),
    ...(subject === index ? ['for its index'] : []),
    tag === undefined ? format : `cosign ${tag.replace(/^.*(?=\.)/, '')}`,
  ];
  return [`${predicateType ?? 'signature'}: `, who, ...notes.flatMap((note) => ['  ', styled(note, 'dim')])];
}
