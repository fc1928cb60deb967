/** Who moves the image, and with which words: us, the peers that are on PATH, and curl as the limit, which verifies nothing. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export type Work = 'pull' | 'copy' | 'push';

/** One image's way. */
export interface Route {
  /** `127.0.0.1:5000/bench/image:large`: where it is read from, or written to. */
  readonly from: string;
  readonly to: string;
  readonly tag: string;
  /** An OCI layout: the target of a pull, the source of a push. */
  readonly layout: string;
}

export interface Contestant {
  readonly name: string;
  readonly version: string;
  command(work: Work, route: Route): readonly string[] | undefined;
}

const lading = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const curlScript = fileURLToPath(new URL('curl.sh', import.meta.url));

const all: readonly (Omit<Contestant, 'version'> & { readonly ask: readonly string[] })[] = [
  {
    name: 'lading',
    ask: [process.execPath, lading, '--version'],
    command: (work, { from, to, layout, tag }) => {
      const words = {
        pull: ['pull', from, layout],
        copy: ['copy', from, to],
        push: ['push', `oci:${layout}:${tag}`, to],
      };
      return [process.execPath, lading, ...words[work], '--progress', 'none'];
    },
  },
  {
    name: 'skopeo',
    ask: ['skopeo', '--version'],
    command: (work, { from, to, layout, tag }) => {
      const [a, b] = {
        pull: [`docker://${from}`, `oci:${layout}:${tag}`],
        copy: [`docker://${from}`, `docker://${to}`],
        push: [`oci:${layout}:${tag}`, `docker://${to}`],
      }[work] as [string, string];
      return [
        'skopeo',
        '--insecure-policy',
        'copy',
        '--quiet',
        '--src-tls-verify=false',
        '--dest-tls-verify=false',
        a,
        b,
      ];
    },
  },
  {
    name: 'oras',
    ask: ['oras', 'version'],
    command: (work, { from, to, layout, tag }) =>
      ({
        pull: ['oras', 'cp', '--from-plain-http', '--to-oci-layout', from, `${layout}:${tag}`],
        copy: ['oras', 'cp', '--from-plain-http', '--to-plain-http', from, to],
        push: ['oras', 'cp', '--from-oci-layout', '--to-plain-http', `${layout}:${tag}`, to],
      })[work],
  },
  {
    name: 'crane',
    ask: ['crane', 'version'],
    command: (work, { from, to, layout }) =>
      ({
        pull: ['crane', 'pull', '--insecure', '--format', 'oci', from, layout],
        copy: ['crane', 'copy', '--insecure', from, to],
        push: undefined,
      })[work],
  },
  {
    name: 'regctl',
    ask: ['regctl', 'version'],
    command: (work, { from, to, layout, tag }) => {
      const plain = [
        'regctl',
        ...[...new Set([from, to])].flatMap((ref) => ['--host', `reg=${ref.split('/')[0] ?? ''},tls=disabled`]),
      ];
      const [a, b] = {
        pull: [from, `ocidir://${layout}:${tag}`],
        copy: [from, to],
        push: [`ocidir://${layout}:${tag}`, to],
      }[work] as [string, string];
      return [...plain, 'image', 'copy', a, b];
    },
  },
  {
    name: 'curl',
    ask: ['curl', '--version'],
    command: (work, { from, to, layout }) =>
      ({
        pull: ['bash', curlScript, 'pull', from, layout],
        copy: undefined,
        push: ['bash', curlScript, 'push', to, layout],
      })[work],
  },
];

/** Those that are here, with their versions. */
export function contestants(): Contestant[] {
  return all.flatMap(({ ask, ...contestant }) => {
    const version = versionOf(ask);
    return version === undefined ? [] : [{ ...contestant, version }];
  });
}

function versionOf([program = '', ...args]: readonly string[]): string | undefined {
  try {
    const output = execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return /\d+\.\d+[\w.+-]*/.exec(output)?.[0] ?? 'unknown';
  } catch {
    return undefined;
  }
}
