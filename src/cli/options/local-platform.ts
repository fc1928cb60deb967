/**
 * `--platform local`: the platform of the images that run on this machine. Containers on macOS are Linux ones (skopeo asks for darwin
 * images there, which nobody makes); the variant is that of the processor, as far as it is told.
 */
import { endianness, release } from 'node:os';
import type { Platform } from '../../model/platform.ts';

export interface Machine {
  /** Node's names. */
  readonly platform: string;
  readonly arch: string;
  /** Of the system: `10.0.17763` on Windows. */
  readonly release: string;
  readonly isLittleEndian: boolean;
  /** `7` on 32-bit ARM. */
  readonly armVersion?: string | undefined;
  /** What an x86 processor can do, as Linux calls it. */
  readonly features?: readonly string[] | undefined;
}

/** What each level of x86-64 has beside that of the one below it (x86-64 psABI, table 3.1). */
const LEVELS: readonly (readonly [variant: string, features: string])[] = [
  ['v2', 'cx16 lahf_lm popcnt sse4_1 sse4_2 ssse3'],
  ['v3', 'abm avx avx2 bmi1 bmi2 f16c fma movbe'],
  ['v4', 'avx512bw avx512cd avx512dq avx512f avx512vl'],
];

export function localPlatform(machine: Machine = thisMachine()): Platform {
  const { platform, release: version } = machine;
  const own = { architecture: architectureOf(machine), ...variantOf(machine) };
  // Of a Windows host only images of its own build run (os.version).
  if (platform === 'win32') return { os: 'windows', ...own, 'os.version': version };
  return { os: platform === 'freebsd' ? 'freebsd' : 'linux', ...own };
}

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386', mipsel: 'mipsle' };

function architectureOf({ arch, isLittleEndian }: Machine): string {
  if (arch === 'ppc64' && isLittleEndian) return 'ppc64le';
  return ARCHITECTURES[arch] ?? arch;
}

function variantOf({ arch, armVersion, features = [] }: Machine): { variant?: string } {
  if (arch === 'arm') return { variant: `v${armVersion ?? '7'}` };
  const missing = LEVELS.findIndex(([, needed]) => !needed.split(' ').every((one) => features.includes(one)));
  const [variant] = LEVELS[(missing < 0 ? LEVELS.length : missing) - 1] ?? [];
  return arch !== 'x64' || variant === undefined ? {} : { variant };
}

function thisMachine(): Machine {
  const { platform, arch } = process;
  const { arm_version: armVersion } = process.config.variables as { readonly arm_version?: string };
  return {
    platform,
    arch,
    release: release(),
    isLittleEndian: endianness() === 'LE',
    armVersion,
    features: features(),
  };
}

/** None where the system does not tell: then any image for the architecture's baseline runs. */
function features(): readonly string[] {
  if (process.platform !== 'linux' || process.arch !== 'x64') return [];
  try {
    const cpus = process.getBuiltinModule('node:fs').readFileSync('/proc/cpuinfo', 'utf8');
    return /^flags\s*: (.*)$/m.exec(cpus)?.[1]?.split(' ') ?? [];
  } catch {
    return [];
  }
}
