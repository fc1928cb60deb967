/**
 * The machines that executables are made for, and the runtime that goes into each: packages of npm by version and digest. Both are
 * pinned: what is in an executable is what was looked at, and byte code is for one version of Bun only.
 */
import type { Format } from './format.ts';

/** A package of npm with a program in it. */
export interface Runtime {
  readonly name: string;
  readonly version: string;
  /** Of the package's archive, as npm writes it: `sha512-…`. */
  readonly integrity: string;
  /** The program in it. */
  readonly file: string;
}

export const MAKERS = ['bun', 'node'] as const;

/** What the executable runs on. */
export type Maker = (typeof MAKERS)[number];

export interface Target {
  readonly name: string;
  readonly format: Format;
  /** Of the executable's file. */
  readonly suffix: string;
  readonly runtimes: Readonly<Record<Maker, Runtime>>;
}

const bun = (name: string, integrity: string, file = 'bin/bun'): Runtime => ({
  name: `@oven/bun-${name}`,
  version: '1.4.5',
  integrity,
  file,
});
const node = (name: string, integrity: string, file = 'bin/node'): Runtime => ({
  name: `node-${name}`,
  version: '26.10.0',
  integrity,
  file,
});

export const TARGETS: readonly Target[] = [
  {
    name: 'linux-x64',
    format: 'ELF x64',
    suffix: '',
    runtimes: {
      bun: bun(
        'linux-x64',
        'sha512-IWX9BELoGHAUtMonkeSaNaZwXzRk+oDw6Mk+HBFXd3KHYIBNBsIGRupMZPcgNoDbJpLu6gAJjIoIVPZtt1aJ1g==',
      ),
      node: node(
        'linux-x64',
        'sha512-OmAztarr1gK4PD+sNyoku4N5Q40d8eqMuLjNa/zRvxF33aCsVKVIQLs4V5HYPWSWWlMiTdkmbZE/6Phigma0hw==',
      ),
    },
  },
  {
    name: 'linux-arm64',
    format: 'ELF arm64',
    suffix: '',
    runtimes: {
      bun: bun(
        'linux-aarch64',
        'sha512-4BXmsSKnjOrlGWqZV4x/oWa7AVoR+B6lCXddMzOAXBIm3t50eslg9wb66gmtW1AamEQ1l1CDvmmruysEhqOWMg==',
      ),
      node: node(
        'linux-arm64',
        'sha512-idArV/cmqW9M9ODyGlbOIiyxFourDh1mJB0SdKCdMbSZjjef9CLEN3o1/eE4yf+B0+5BD+F74MpTTHiB3XXTBQ==',
      ),
    },
  },
  {
    name: 'darwin-x64',
    format: 'Mach-O x64',
    suffix: '',
    runtimes: {
      bun: bun(
        'darwin-x64',
        'sha512-qkLPMGHZM9NI6CeHTWwVezzmlo6cC4Ta7yUAjYIWXS366qQcOlcp75t2uZyiuVRBMPS0h9qE0tCcvCHGaFqjJg==',
      ),
      node: node(
        'darwin-x64',
        'sha512-tR3FX20zCnXJeYvVCZ+ROiA9bHyFVHpges6RoPqtWMTQ4oY2KBcCXlTmcxFZ8w8uApF0IEXIduRPDmAFyxtZ2w==',
      ),
    },
  },
  {
    name: 'darwin-arm64',
    format: 'Mach-O arm64',
    suffix: '',
    runtimes: {
      bun: bun(
        'darwin-aarch64',
        'sha512-4MIFXHmctH2EhAxLXm2/qxNtv17dFtLJylvaOCsrgq6KSqHTs6eW5YSrJjRbJxYUJaR901fsN8JfZOa+CsWpWQ==',
      ),
      node: node(
        'bin-darwin-arm64',
        'sha512-luw6mVEaplXiL26420vAPkMXNBLxYWXOsGjT4lzS4+MmI41k8tE67m9Z6kPjJnnku5Lidsmo0YDDAdts/+jgIQ==',
      ),
    },
  },
  {
    name: 'windows-x64',
    format: 'PE x64',
    suffix: '.exe',
    runtimes: {
      bun: bun(
        'windows-x64',
        'sha512-FNvply651vcE/GHgNWz6mZvhmkwBuu8Hw54oNzA+CQog+HW+542rXQmZqNHRkFxazD9L3xi+iTtvO3engAgJfw==',
        'bin/bun.exe',
      ),
      node: node(
        'win-x64',
        'sha512-GCIKoDIOUTgULKxFNlfumjEmEgIpBB/7csJ11w6WbFcC/dyZ9UH2YAFr1fuNsdEmPZOAVpT2Cv9QKPwluhOCIQ==',
        'bin/node.exe',
      ),
    },
  },
];

/** The target that this machine is. @throws Error where none is */
export function hostTarget(): Target {
  const name = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const target = TARGETS.find((one) => one.name === name);
  if (target === undefined) throw new Error(`no executable is made on ${name}: only on ${targetNames()}`);
  return target;
}

export function targetNames(): string {
  return TARGETS.map(({ name }) => name).join(', ');
}
