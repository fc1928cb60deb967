/** The four set-ups of a real registry, seen alike: what a client must be told, and how the judges reach the same content. */
import type { AccessEntry } from './access-log.ts';
import { type Account, startBasicTlsRegistry } from './basic-tls.ts';
import { type Running } from './cleanup.ts';
import { startDockerRegistry } from './docker-registry.ts';
import type { Tool } from './find-tool.ts';
import { startPrefixRegistry } from './nginx-prefix.ts';
import { basic } from './raw-request.ts';
import type { SkopeoRegistry } from './skopeo.ts';
import { owner, startTokenRegistry } from './token-registry.ts';

export interface SetUp extends Running {
  /** What names of images in it begin with: `127.0.0.1:34567`. */
  readonly host: string;
  /** What stands before `/v2/`: empty, but for the prefix. */
  readonly pathPrefix: string;
  /** The URL before `/v2/`. */
  readonly base: string;
  readonly account?: Account | undefined;
  /** PEM of the authority to trust. */
  readonly ca?: string | undefined;
  /** The value of the Authorization header that lets a raw request do everything in a repository. */
  readonly authorization: (repository: string) => Promise<string | undefined>;
  readonly skopeo: SkopeoRegistry;
  readonly requests: () => Promise<AccessEntry[]>;
}

export type SetUpName = 'open' | 'basic over TLS' | 'token' | 'prefix with redirected blobs';

export const setUps: Readonly<Record<SetUpName, () => Promise<SetUp>>> = {
  open,
  'basic over TLS': basicTls,
  token,
  'prefix with redirected blobs': prefix,
};

/** The programs that each needs. */
export const setUpTools: Readonly<Record<SetUpName, readonly Tool[]>> = {
  open: ['docker-registry'],
  'basic over TLS': ['docker-registry', 'openssl'],
  token: ['docker-registry', 'openssl'],
  'prefix with redirected blobs': ['docker-registry', 'nginx'],
};

async function open(): Promise<SetUp> {
  const { host, url, requests, stop } = await startDockerRegistry();
  return { host, pathPrefix: '', base: url, authorization: async () => undefined, skopeo: { host }, requests, stop };
}

async function basicTls(): Promise<SetUp> {
  const { host, url, account, ca, certificates, requests, stop } = await startBasicTlsRegistry();
  const authorization = async (): Promise<string> => basic(account.username, account.password);
  const skopeo = { host, account, certificates };
  return { host, pathPrefix: '', base: url, account, ca, authorization, skopeo, requests, stop };
}

async function token(): Promise<SetUp> {
  const { host, url, mint, requests, stop } = await startTokenRegistry({ lifetimeSeconds: 2, announceExpiry: false });
  const actions = ['pull', 'push', 'delete'];
  const authorization = async (name: string): Promise<string> =>
    `Bearer ${await mint([{ type: 'repository', name, actions }])}`;
  return {
    host,
    pathPrefix: '',
    base: url,
    account: owner,
    authorization,
    skopeo: { host, account: owner },
    requests,
    stop,
  };
}

async function prefix(): Promise<SetUp> {
  const { host, pathPrefix, account, backend, requests, stop } = await startPrefixRegistry();
  const base = `http://${host}${pathPrefix}`;
  const authorization = async (): Promise<string> => basic(account.username, account.password);
  return { host, pathPrefix, base, account, authorization, skopeo: { host: backend.host }, requests, stop };
}
