/**
 * Platforms (image-spec, "Image Index"): their strings, their canonical form, and which entry of an index fits a wanted
 * one. It follows containerd, except that another architecture never stands in for the wanted one (386 for amd64).
 * What the machine at hand is, is settled elsewhere.
 */
import { OciError } from '../errors.ts';
import { quote } from './quote.ts';

export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
  readonly 'os.version'?: string;
  readonly 'os.features'?: readonly string[];
  /** Of the processor: docker's lists may name them. They are told, and no choice depends on them. */
  readonly features?: readonly string[];
}

const part = '[A-Za-z0-9_.-]{1,64}';
const grammar = new RegExp(`^(?:(${part})/)?(${part})(?:/(${part}))?(?::([A-Za-z0-9_.+-]{1,64}))?$`);

/** Go's architectures, as far as a platform may name one alone. */
const architectures: ReadonlySet<string> = new Set(
  '386 amd64 arm arm64 loong64 mips mipsle mips64 mips64le ppc64 ppc64le riscv64 s390x sparc64 wasm'.split(' '),
);

/**
 * Reads a platform: `linux/arm64/v8`, `windows/amd64:10.0.17763`, or an architecture alone, whose system is Linux.
 * Other tools' names (`x86_64`, `aarch64`, `armhf`, `macos`) become Go's; a variant is added only where the name tells it.
 * @throws OciError `PLATFORM_INVALID`
 */
export function parsePlatform(text: string): Platform {
  const match = grammar.exec(text);
  const [, os = 'linux', name = '', variant, version] = match ?? [];
  const { architecture, variant: named } = normalizeArchitecture(name, variant);
  if (match === null || (match[1] === undefined && !architectures.has(architecture))) {
    throw new OciError('PLATFORM_INVALID', `${quote(text)} is not a platform`, {
      hint: 'a platform is os/architecture[/variant][:os-version], for example linux/arm64 or linux/arm/v7',
    });
  }
  return withoutUndefined({ os: normalizeOs(os), architecture, variant: named, 'os.version': version });
}

/** The string of a platform; it parses to an equal one but for `os.features`, which have no place in it. */
export function formatPlatform(platform: Platform): string {
  const { os, architecture, variant, 'os.version': version } = platform;
  return [os, architecture, variant].filter(Boolean).join('/') + (version ? `:${version}` : '');
}

/** The canonical form, in which equal platforms are equal: `arm` is `arm/v7`, `arm64/v8` is `arm64`, `amd64/v1` is `amd64`. */
export function normalizePlatform(platform: Platform): Platform {
  const { os, 'os.version': version, 'os.features': features } = platform;
  const { architecture, variant } = normalizeArchitecture(platform.architecture, platform.variant);
  return withoutUndefined({
    os: normalizeOs(os),
    architecture,
    variant: architecture === 'arm' ? (variant ?? 'v7') : variant === baseline.get(architecture) ? undefined : variant,
    'os.version': version || undefined,
    'os.features': features?.length ? [...new Set(features)].sort() : undefined,
  });
}

/** The platform that an image's config tells; undefined when it tells none, as the config of an artifact. */
export function platformOf(
  config: { readonly [Key in keyof Platform]?: Platform[Key] | undefined },
): Platform | undefined {
  const { os, architecture, variant, 'os.version': version, 'os.features': features } = config;
  if (!os || !architecture) return undefined;
  return withoutUndefined({
    os,
    architecture,
    variant: variant || undefined,
    'os.version': version,
    'os.features': features,
  });
}

/**
 * The entry that fits a platform best: the same variant before lower ones, then more of the wanted features, then the
 * order of the entries. Attestations (`unknown/unknown`) and entries without a platform fit nothing.
 */
export function matchPlatform<T>(
  entries: readonly T[],
  wanted: Platform,
  platformOfEntry: (entry: T) => Platform | undefined,
): T | undefined {
  let best: { readonly entry: T; readonly rank: number } | undefined;
  const target = normalizePlatform(wanted);
  for (const entry of entries) {
    const platform = platformOfEntry(entry);
    // An index may say null for a platform that it does not tell.
    const rank = platform ? rankOf(normalizePlatform(platform), target) : undefined;
    if (rank !== undefined && (best === undefined || rank < best.rank)) best = { entry, rank };
  }
  return best?.entry;
}

/** How well one canonical platform serves another: lower is better, undefined is not at all. */
function rankOf(offered: Platform, wanted: Platform): number | undefined {
  if (offered.os !== wanted.os || offered.architecture !== wanted.architecture || offered.os === 'unknown')
    return undefined;
  if (!fitsVersion(offered['os.version'], wanted['os.version'])) return undefined;
  // every Windows image may name win32k, and every Windows host has it
  const features = (offered['os.features'] ?? []).filter((feature) => feature !== 'win32k');
  if (!features.every((feature) => wanted['os.features']?.includes(feature))) return undefined;
  const distance = variantsFor(wanted).indexOf(offered.variant ?? baseline.get(wanted.architecture) ?? '');
  return distance < 0 ? undefined : distance - features.length / (features.length + 1);
}

/** `10.0.17763` is served by `10.0.17763.1234`, not by `10.0.177631`. */
function fitsVersion(offered: string | undefined, wanted: string | undefined): boolean {
  return offered === undefined || wanted === undefined || `${offered}.`.startsWith(`${wanted}.`);
}

/** What an absent variant means. */
const baseline: ReadonlyMap<string, string> = new Map([
  ['amd64', 'v1'],
  ['arm64', 'v8'],
  ['arm', 'v7'],
]);

/** The variants that run where the wanted one does, the best first. */
function variantsFor({ architecture, variant = baseline.get(architecture) ?? '' }: Platform): readonly string[] {
  const [major = 0, minor = 0] = variant.slice(1).split('.').map(Number);
  if (architecture === 'arm64' && /^v[89](\.\d)?$/.test(variant)) {
    // Arm: v9.x has all of v8.(x+5)
    return major === 9 ? [...minors(9, minor), ...minors(8, Math.min(minor + 5, 9))] : minors(8, minor);
  }
  if ((architecture === 'amd64' || architecture === 'arm') && /^v\d$/.test(variant)) {
    const lowest = architecture === 'arm' ? 5 : 1;
    return [variant, ...range(major - 1, lowest).map((version) => `v${version}`)];
  }
  return [variant];
}

function minors(major: number, minor: number): readonly string[] {
  return range(minor, 0).map((version) => (version === 0 ? `v${major}` : `v${major}.${version}`));
}

/** Whole numbers from the highest down. */
function range(highest: number, lowest: number): readonly number[] {
  return Array.from({ length: Math.max(0, highest - lowest + 1) }, (_, at) => highest - at);
}

function normalizeOs(os: string): string {
  const lower = os.toLowerCase();
  return lower === 'macos' ? 'darwin' : lower;
}

const architectureAliases: ReadonlyMap<string, readonly [architecture: string, variant?: string]> = new Map([
  ['i386', ['386']],
  ['x86_64', ['amd64']],
  ['x86-64', ['amd64']],
  ['aarch64', ['arm64']],
  ['armhf', ['arm', 'v7']],
  ['armel', ['arm', 'v6']],
]);

function normalizeArchitecture(
  name: string,
  variant: string | undefined,
): { readonly architecture: string; readonly variant: string | undefined } {
  const lower = name.toLowerCase();
  const [architecture, named] = architectureAliases.get(lower) ?? [lower];
  return { architecture, variant: named ?? normalizeVariant(architecture, variant?.toLowerCase() || undefined) };
}

/** `8` and `v8.0` are `v8`. */
function normalizeVariant(architecture: string, variant: string | undefined): string | undefined {
  if (architecture !== 'arm' && architecture !== 'arm64') return variant;
  return variant?.replace(/^(?=\d)/, 'v').replace(/^(v\d+)\.0$/, '$1');
}

function withoutUndefined(platform: { readonly [Key in keyof Platform]: Platform[Key] | undefined }): Platform {
  return Object.fromEntries(Object.entries(platform).filter(([, value]) => value !== undefined)) as unknown as Platform;
}
