/** `check-base`: is the base of an image still what the image was built on? */
import { Command, type CommandUnknownOpts, Option } from '@commander-js/extra-typings';
import { OciError } from '../../errors.ts';
import { type BaseCheck, checkBase, type CheckedBase } from '../../image/change/check-base.ts';
import { BASE_DIGEST, BASE_NAME } from '../../image/change/rebase.ts';
import { type Digest, parseDigest } from '../../model/digest.ts';
import { formatPlatform } from '../../model/platform.ts';
import { requireWritten } from '../places/base-name.ts';
import { type From, openFrom } from '../places/ends.ts';
import { withExamples } from '../examples.ts';
import { EXIT } from '../exit-codes.ts';
import type { Frame } from '../frame.ts';
import { asArgument, IMAGE_PLACES, outputOptions, platformsOption, registryOptions } from '../options/shared.ts';
import type { Session } from '../session.ts';
import { type Piece, styled } from '../terminal/style.ts';

export function build(frame: Frame): CommandUnknownOpts {
  const command = registryOptions(outputOptions(new Command()))
    .description(
      'Tell whether the base of an image is still what the image was built on: by its digest or, where none is told, by its layers. Ends with 0 when it is, with 1 when the image is stale, with 3 when no base is known or it is gone.',
    )
    .argument('<image>', IMAGE_PLACES)
    .addOption(platformsOption())
    .addOption(new Option('--base <image>', `its base; unless told, what its annotation ${BASE_NAME} says`))
    .addOption(
      new Option('--base-digest <digest>', `what it was built on; unless told, what ${BASE_DIGEST} says`).argParser(
        (text: string) => asArgument(() => parseDigest(text)),
      ),
    )
    .action((image, flags) =>
      frame.run(flags, async (session) => {
        const { base, baseDigest, platform } = flags;
        const from = await openFrom(session, image);
        const given = base === undefined ? undefined : await openFrom(session, base);
        const open = (name: string): Promise<From> => {
          requireWritten(name, [image], session.flags, '--base');
          return openFrom(session, name);
        };
        const { concurrency } = session.flags;
        const options = { ...session.call, base: given ?? open, baseDigest, platforms: platform, concurrency };
        const check = await checkBase(from.source, from.reference, options);
        return tell(session, from, given, check);
      }),
    );
  return withExamples(
    command,
    'lading check-base ghcr.io/o/app:1',
    'lading check-base --base alpine:3.20 --platform linux/arm64 localhost:5000/app:1',
    'lading check-base --json oci:./app:1',
  );
}

async function tell({ output }: Session, from: From, given: From | undefined, check: BaseCheck): Promise<number> {
  const { root, outcome, images } = check;
  if (images.every((one) => one.outcome === 'unknown')) {
    throw new OciError('NOT_FOUND', `it is not known what ${from.describe} stands on`, {
      hint: `name its base with --base: it has no annotation ${BASE_NAME}`,
    });
  }
  const named = (one: CheckedBase): CheckedBase => ({ ...one, name: one.name ?? given?.describe });
  if (output.isJson) {
    const reference = from.at(root.digest);
    await output.json({ reference, digest: root.digest, outcome, images: images.map((one) => asJson(named(one))) });
  } else for (const one of images) await output.line(...lineOf(named(one)));
  return outcome === 'current' ? EXIT.done : outcome === 'stale' ? EXIT.failed : EXIT.notFound;
}

function asJson({ image, outcome, by, name, built, now }: CheckedBase): object {
  const platform = image.platform && formatPlatform(image.platform);
  return { platform, digest: image.digest, outcome, comparedBy: by, base: name, built, now };
}

const titles = {
  current: styled('up to date', 'green'),
  stale: styled('stale', 'yellow'),
  unknown: styled('unknown', 'yellow'),
} as const;

function lineOf(one: CheckedBase): readonly Piece[] {
  const { image, outcome } = one;
  const whose = image.platform ? `${formatPlatform(image.platform)}: ` : '';
  return [whose, titles[outcome], `: ${reasonOf(one)}`];
}

function reasonOf({ outcome, by, name = 'its base', built, now }: CheckedBase): string {
  if (outcome === 'unknown') return `there is no annotation ${BASE_NAME}`;
  const isCurrent = outcome === 'current';
  if (by === 'layers') {
    return `it ${isCurrent ? 'begins' : 'does not begin'} with the layers of ${name}, which is ${now} now`;
  }
  if (!isCurrent) return `${name} is ${now} now, and it was built on ${built}`;
  return sameOrIn(name, built, now);
}

/** The digest that is told may be that of one image in the base. */
function sameOrIn(name: string, built: Digest | undefined, now: Digest | undefined): string {
  return built === now ? `${name} still is ${built}` : `${built} still is in ${name}, which is ${now} now`;
}
