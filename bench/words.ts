/** How each contestant is told what to do. What it has no word for it does not take part in. */
import { fileURLToPath } from 'node:url';
import { type Action, LISTED_REPOSITORIES, LISTED_TAGS, listedName, MANY_TAGS, PAGE } from './works.ts';

/** The ends of one run. */
export interface Route {
  /** `127.0.0.1:5000/bench/image:large`, without the tag where a repository is meant, the host alone where a registry is. */
  readonly from: string;
  readonly to: string;
  readonly tag: string;
  /** An OCI layout: the target of a pull, the source of a push. It has one image. */
  readonly layout: string;
}

export type Words = Partial<Readonly<Record<Action, (route: Route) => readonly string[]>>>;

/** @param program `node dist/cli/main.js`, or the executable */
export function ladingWords(program: readonly string[]): Words {
  const quiet = ['--progress', 'none'];
  return {
    version: () => [...program, '--version'],
    digest: ({ from }) => [...program, 'digest', from],
    digests: ({ from }) => [...program, 'tags', '--digests', from],
    pull: ({ from, layout }) => [...program, 'pull', from, layout, ...quiet],
    copy: ({ from, to }) => [...program, 'copy', from, to, ...quiet],
    push: ({ layout, tag, to }) => [...program, 'push', `oci:${layout}:${tag}`, to, ...quiet],
    tags: ({ from }) => [...program, 'tags', from],
    repos: ({ from }) => [...program, 'repos', from],
  };
}

/** What nobody who starts a Node can be below. */
export function bareNodeWords(program: string): Words {
  const nothing = (): readonly string[] => [program, '-e', '0'];
  return { version: nothing, digest: nothing };
}

const skopeoCopy = (a: string, b: string): readonly string[] => [
  'skopeo',
  '--insecure-policy',
  'copy',
  '--all',
  '--quiet',
  '--src-tls-verify=false',
  '--dest-tls-verify=false',
  a,
  b,
];

export const skopeoWords: Words = oneByOne({
  version: () => ['skopeo', '--version'],
  digest: ({ from }) => [
    'skopeo',
    'inspect',
    '--tls-verify=false',
    '--no-tags',
    '--format',
    '{{.Digest}}',
    `docker://${from}`,
  ],
  pull: ({ from, layout, tag }) => skopeoCopy(`docker://${from}`, `oci:${layout}:${tag}`),
  copy: ({ from, to }) => skopeoCopy(`docker://${from}`, `docker://${to}`),
  push: ({ layout, tag, to }) => skopeoCopy(`oci:${layout}:${tag}`, `docker://${to}`),
  tags: ({ from }) => ['skopeo', 'list-tags', '--tls-verify=false', `docker://${from}`],
});

export const orasWords: Words = oneByOne({
  version: () => ['oras', 'version'],
  digest: ({ from }) => ['oras', 'resolve', '--plain-http', from],
  pull: ({ from, layout, tag }) => ['oras', 'cp', '--from-plain-http', '--to-oci-layout', from, `${layout}:${tag}`],
  copy: ({ from, to }) => ['oras', 'cp', '--from-plain-http', '--to-plain-http', from, to],
  push: ({ layout, tag, to }) => ['oras', 'cp', '--from-oci-layout', '--to-plain-http', `${layout}:${tag}`, to],
  tags: ({ from }) => ['oras', 'repo', 'tags', '--plain-http', from],
  repos: ({ from }) => ['oras', 'repo', 'ls', '--plain-http', from],
});

export const craneWords: Words = oneByOne({
  version: () => ['crane', 'version'],
  digest: ({ from }) => ['crane', 'digest', '--insecure', from],
  pull: ({ from, layout }) => ['crane', 'pull', '--insecure', '--format', 'oci', from, layout],
  copy: ({ from, to }) => ['crane', 'copy', '--insecure', from, to],
  push: ({ layout, to }) => ['crane', 'push', '--insecure', layout, to],
  tags: ({ from }) => ['crane', 'ls', '--insecure', from],
  repos: ({ from }) => ['crane', 'catalog', '--insecure', from],
});

const regctl = ({ from, to }: Pick<Route, 'from' | 'to'>, ...words: readonly string[]): readonly string[] => {
  const hosts = new Set([from, to].map((end) => end.split('/')[0] ?? ''));
  return ['regctl', ...[...hosts].flatMap((host) => ['--host', `reg=${host},tls=disabled`]), ...words];
};

export const regctlWords: Words = oneByOne({
  version: () => ['regctl', 'version'],
  digest: (route) => regctl(route, 'image', 'digest', route.from),
  pull: (route) => regctl(route, 'image', 'copy', route.from, `ocidir://${route.layout}:${route.tag}`),
  copy: (route) => regctl(route, 'image', 'copy', route.from, route.to),
  push: (route) => regctl(route, 'image', 'copy', `ocidir://${route.layout}:${route.tag}`, route.to),
  tags: (route) => regctl(route, 'tag', 'ls', route.from),
  repos: (route) => regctl(route, 'repo', 'ls', route.from),
});

const curlScript = fileURLToPath(new URL('curl.sh', import.meta.url));
const curl = ['curl', '-fsS', '-o', '/dev/null'] as const;
const head = [...curl, '-I', '-H', 'Accept: application/vnd.oci.image.manifest.v1+json'] as const;

/** As fast as bytes come: curl knows where the pages begin, and looks at no digest. */
export const curlWords: Words = {
  version: () => ['curl', '--version'],
  digest: ({ from }) => [...head, address(from).replace(/:([^:/]+)$/, '/manifests/$1')],
  digests: ({ from }) => [...head, '--parallel', '--parallel-max', '8', `${address(from)}/manifests/t[1-${MANY_TAGS}]`],
  pull: ({ from, layout }) => ['bash', curlScript, 'pull', from, layout],
  push: ({ to, layout }) => ['bash', curlScript, 'push', to, layout],
  tags: ({ from }) => [...curl, ...pages(`${address(from)}/tags/list`, LISTED_TAGS)],
  repos: ({ from }) => [...curl, ...pages(`${address(from)}/_catalog`, LISTED_REPOSITORIES)],
};

function address(name: string): string {
  return name.replace(/^([^/]+)/, 'http://$1/v2');
}

function pages(url: string, total: number): string[] {
  const starts = Array.from({ length: Math.ceil(total / PAGE) }, (_, page) => page * PAGE);
  return starts.map((at) => `${url}?n=${PAGE}${at === 0 ? '' : `&last=${listedName(at - 1)}`}`);
}

/** Who has no command for the digests of many tags is run for each: its reference is the last word. */
function oneByOne(words: Words): Words {
  const { digest } = words;
  if (digest === undefined) return words;
  const loop = `for n in $(seq ${MANY_TAGS}); do "$@$n" >/dev/null || exit; done`;
  return { ...words, digests: (route) => ['sh', '-c', loop, 'sh', ...digest({ ...route, from: `${route.from}:t` })] };
}
