/** The four set-ups of a real registry, seen alike: what a client must be told, and how the judges reach the same content. */
import assert from 'node:assert/strict';
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
  /** Hosts beside the registry that the account's password may be sent to. */
  readonly realms: readonly string[];
  /** The value of the Authorization header that lets a raw request do everything in a repository. */
  readonly authorization: (repository: string) => Promise<string | undefined>;
  readonly skopeo: SkopeoRegistry;
  /** Fails unless what is special about it has happened to its client, and nothing was refused that need not be asked. */
  readonly assertUsed: () => Promise<void>;
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

/** What most of them have in common. */
function atRoot(host: string, url: string): Pick<SetUp, 'host' | 'pathPrefix' | 'base' | 'realms'> {
  return { host, pathPrefix: '', base: url, realms: [] };
}

async function open(): Promise<SetUp> {
  const { host, url, requests, stop } = await startDockerRegistry();
  const authorization = async (): Promise<undefined> => undefined;
  const assertUsed = async (): Promise<void> => assert.notEqual((await requests()).length, 0);
  return { ...atRoot(host, url), authorization, skopeo: { host }, assertUsed, stop };
}

async function basicTls(): Promise<SetUp> {
  const { host, url, account, ca, certificates, requests, stop } = await startBasicTlsRegistry();
  const authorization = async (): Promise<string> => basic(account.username, account.password);
  const skopeo = { host, account, certificates };
  const assertUsed = async (): Promise<void> => {
    const answers = new Set((await requests()).map(({ status }) => status));
    assert.ok(answers.has(401) && answers.has(201), [...answers].join());
  };
  return { ...atRoot(host, url), account, ca, authorization, skopeo, assertUsed, stop };
}

/** Its tokens last for two seconds, and clients are not told so: a copy outlives them. */
async function token(): Promise<SetUp> {
  const registry = await startTokenRegistry({ lifetimeSeconds: 2, announceExpiry: false });
  const { host, url, tokens, mint, stop } = registry;
  const actions = ['pull', 'push', 'delete'];
  const authorization = async (name: string): Promise<string> =>
    `Bearer ${await mint([{ type: 'repository', name, actions }])}`;
  const realms = [new URL(tokens.realm).host];
  const skopeo = { host, account: owner };
  const assertUsed = async (): Promise<void> => {
    assert.ok(tokens.requests.length > 2, `${tokens.requests.length} tokens`);
    assert.ok(tokens.requests.every(({ user, status }) => user === owner.username && status === 200));
  };
  return { ...atRoot(host, url), account: owner, realms, authorization, skopeo, assertUsed, stop };
}

async function prefix(): Promise<SetUp> {
  const { host, pathPrefix, account, backend, blobRequests, stop } = await startPrefixRegistry();
  const base = `http://${host}${pathPrefix}`;
  const authorization = async (): Promise<string> => basic(account.username, account.password);
  const assertUsed = async (): Promise<void> => {
    const answers = new Set((await blobRequests()).map(({ status }) => status));
    assert.deepEqual([...answers], [200]);
  };
  const skopeo = { host: backend.host };
  return { host, pathPrefix, base, account, realms: [], authorization, skopeo, assertUsed, stop };
}
