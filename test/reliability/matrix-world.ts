/** Where the matrix runs: a registry that wants tokens, ours or docker's, its token server, and fault proxies before the two. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fixedCredentials } from '../../src/http/credentials.ts';
import { nodeTransport } from '../../src/node/http/transport.ts';
import { serve } from '../../src/node/serve/serve.ts';
import { type Client, createClient } from '../../src/registry/client.ts';
import { type TokenGrant, tokenAccess } from '../../src/server/token-access.ts';
import { contentFrom } from '../../src/store/content.ts';
import { createMemoryRegistry } from '../../src/store/memory.ts';
import { putArtifact, putImage } from '../../src/testing/fixtures.ts';
import { seededBytes } from '../../src/testing/fixtures-bytes.ts';
import { type FaultProxy, startFaultProxy } from '../../src/testing/proxy/index.ts';
import { canary } from '../support/planted-secrets.ts';
import { opening, type Running } from '../support/real/cleanup.ts';
import { startDockerRegistry } from '../support/real/docker-registry.ts';
import { startTokenServer } from '../support/real/token-server.ts';
import { makeTokenSigner, type SignToken } from '../support/real/token-signer.ts';
import { makeCertificates } from '../support/tls.ts';
import type { Stock } from './matrix-operations.ts';

export type RegistryKind = 'lading' | 'docker';

export interface World extends Running {
  readonly plain: FaultProxy;
  readonly tls: FaultProxy;
  /** Before the token server. */
  readonly tokens: FaultProxy;
  /** The registry itself. */
  readonly host: string;
  /** For what a run needs of the registry itself. */
  readonly client: Client;
  readonly stock: Stock;
  readonly ca: string;
  /** All tokens that were given. */
  readonly issued: readonly string[];
}

/** Its password is a canary. */
export const matrixUser: { readonly username: string; readonly password: string } = {
  username: 'me',
  password: canary.password,
};

const service: string = 'registry of the matrix';
/** Between two bytes of what trickles, in ms. */
const PAUSE_MS = 30;

export function startWorld(kind: RegistryKind, seed: number): Promise<World> {
  return opening(async (closeLater) => {
    const directory = await mkdtemp(join(tmpdir(), 'lading-matrix-'));
    closeLater(() => rm(directory, { recursive: true, force: true }));
    const { issuer, certificate, sign } = await makeTokenSigner(directory);
    const issued: string[] = [];
    const server = await startTokens((claims) =>
      sign(claims).then((token) => {
        issued.push(token);
        return token;
      }),
    );
    closeLater(server.stop);
    const proxied = async (upstream: string, tls?: Parameters<typeof startFaultProxy>[1]): Promise<FaultProxy> => {
      const proxy = await startFaultProxy(upstream, { seed, pauseMs: PAUSE_MS, ...tls });
      closeLater(() => proxy.close());
      return proxy;
    };
    const tokens = await proxied(new URL(server.realm).origin);
    const auth = { realm: `${tokens.origin}/token`, service, issuer, rootcertbundle: certificate };
    const { host, stop } = await (kind === 'docker' ? startDockerRegistry({ auth: { token: auth } }) : startOwn(auth));
    closeLater(stop);
    const { server: own, expired, other, ca } = makeCertificates();
    const client = createClient({
      transport: nodeTransport({ proxy: false }),
      credentials: fixedCredentials({ [host]: matrixUser }),
    });
    closeLater(() => client.close());
    const [plain, tls] = [await proxied(host), await proxied(host, { tls: { ...own, expired, other } })];
    return { plain, tls, tokens, host, client, stock: await fill(client, host), ca, issued };
  });
}

function startTokens(sign: SignToken): ReturnType<typeof startTokenServer> {
  const grants = { 'repository:*': ['pull', 'push', 'delete'], 'registry:catalog': ['*'] };
  const users = { [matrixUser.username]: { password: matrixUser.password, grants } };
  return startTokenServer({ sign, users, lifetimeSeconds: 3600, announceExpiry: true });
}

async function startOwn({ realm }: { readonly realm: string }): Promise<{ host: string } & Running> {
  // Only the token server's own tokens come here: what is in them is believed.
  const verify = (token: string) => {
    const [, payload = ''] = token.split('.');
    try {
      const { access } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { access: TokenGrant[] };
      return { grants: access };
    } catch {
      return undefined; // spoilt on its way
    }
  };
  const access = tokenAccess({ realm, service, verify });
  const { host, close } = await serve({ registry: createMemoryRegistry(), access }, { graceMs: 100 });
  return { host, stop: close };
}

async function fill(client: Client, host: string): Promise<Stock> {
  const repository = client.repository(`${host}/team/app`);
  const image = await putImage(repository, { layers: [{ files: { a: 'b'.repeat(500) } }], tags: ['v1'] });
  const attached = await putArtifact(repository, {
    artifactType: 'application/vnd.test.note',
    subject: image.descriptor,
    blobs: [{ bytes: new TextEncoder().encode('a note'), mediaType: 'text/plain' }],
  });
  const bytes = seededBytes(200_000, 'the blob of the matrix');
  const blob = contentFrom(bytes);
  await repository.putBlob(blob);
  await putImage(client.repository(`${host}/team/listed`), { layers: [{ files: {} }], tags: ['a', 'b', 'c'] });
  return { image, attached, blob, bytes };
}
