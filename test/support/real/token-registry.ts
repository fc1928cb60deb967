/** docker-registry that wants a token, and the token server that gives it. */
import { opening, type Running } from './cleanup.ts';
import { type DockerRegistry, startDockerRegistry } from './docker-registry.ts';
import type { Access, Grants } from './scopes.ts';
import { temporaryDirectory } from './temporary.ts';
import { makeTokenSigner } from './token-signer.ts';
import { startTokenServer, type TokenServer, type TokenUser } from './token-server.ts';

export interface TokenRegistryOptions {
  readonly users?: Readonly<Record<string, TokenUser>>;
  readonly anonymous?: Grants;
  /** How long the registry takes a token; 300 unless told. */
  readonly lifetimeSeconds?: number;
  /** Told to the client unless `false`. */
  readonly announceExpiry?: boolean;
}

export interface TokenRegistry extends DockerRegistry, Running {
  readonly service: string;
  readonly tokens: TokenServer;
  /** A token for requests of the test's own. */
  readonly mint: (access: readonly Access[], lifetimeSeconds?: number) => Promise<string>;
}

const everything: Grants = { 'repository:*': ['pull', 'push', 'delete'], 'registry:catalog': ['*'] };

/** The user who may do everything, unless others are told. */
export const owner = { username: 'harbourmaster', password: 'tides & "currents"' } as const;

export function startTokenRegistry(options: TokenRegistryOptions = {}): Promise<TokenRegistry> {
  const { lifetimeSeconds = 300, announceExpiry = true, anonymous } = options;
  const { users = { [owner.username]: { password: owner.password, grants: everything } } } = options;
  return opening(async (closeLater) => {
    const directory = await temporaryDirectory('tokens');
    closeLater(directory.remove);
    const { issuer, certificate, sign } = await makeTokenSigner(directory.path);
    const denied = anonymous === undefined ? {} : { anonymous };
    const tokens = await startTokenServer({ sign, users, lifetimeSeconds, announceExpiry, ...denied });
    closeLater(tokens.stop);
    const service = 'registry of one test';
    const auth = { token: { realm: tokens.realm, service, issuer, rootcertbundle: certificate } };
    const registry = await startDockerRegistry({ auth });
    closeLater(registry.stop);
    const mint = (access: readonly Access[], seconds = 300): Promise<string> =>
      sign({ subject: 'test', service, access, lifetimeSeconds: seconds });
    return { ...registry, service, tokens, mint };
  });
}
