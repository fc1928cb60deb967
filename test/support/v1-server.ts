/** An index, a registry and a storage of the v1 protocol, each on an origin of its own, and what each was asked. */
import { createV1Client, type V1Client, type V1ClientOptions } from '../../src/v1/client.ts';
import { nodeTransport } from '../../src/node/http/transport.ts';
import { type Origin, startOrigin } from './http-origin.ts';
import { testClock } from './test-clock.ts';
import { v1Index, type V1IndexState } from './v1-index.ts';
import { sendWhole, v1Registry, type V1RegistryState, v1Storage } from './v1-registry.ts';

export interface V1World {
  readonly index: Origin & { readonly state: V1IndexState };
  readonly registry: Origin & { readonly state: V1RegistryState };
  readonly storage: Origin;
  /** Of the index, `127.0.0.1:34567`: what users name. */
  readonly host: string;
  /** Ends all sessions, and all tokens. */
  expire(): void;
  /** `index GET /v1/…`, in order; and empties the lists. */
  lines(): string[];
  /** A client for it; it ends with the world. */
  client(options?: V1ClientOptions): V1Client;
  /** A text in which the origins are `INDEX`, `REGISTRY` and `STORAGE`. */
  neutral(text: string): string;
  [Symbol.asyncDispose](): Promise<void>;
}

/** `team/app` and `app` are for everybody, `team/secret` for alice. */
export async function startV1World(): Promise<V1World> {
  const order: string[] = [];
  let signatures = 0;
  const registryState: V1RegistryState = {
    tokens: new Map(),
    sessions: new Map(),
    storage: undefined,
    sendLayer: sendWhole,
  };
  const indexState: V1IndexState = {
    endpoints: undefined,
    secret: new Set(['team/secret']),
    repositories: new Set(['team/app', 'team/secret', 'team/empty', 'app']),
    found: ['team/app', 'team/secret', 'team/empty', ...Array.from({ length: 230 }, (_, at) => `many/app${at}`)],
    mint: (repository) => {
      const signature = `CANARY-token${++signatures}`;
      const full = repository.includes('/') ? repository : `library/${repository}`;
      registryState.tokens.set(signature, full);
      return `signature=${signature},repository="${full}",access=read`;
    },
  };
  const logged = (name: string, listener: Parameters<typeof startOrigin>[0]): Promise<Origin> =>
    startOrigin((request, response) => {
      order.push(`${name} ${request.method} ${request.url}`);
      listener(request, response);
    });
  const registry = await logged('registry', v1Registry(registryState));
  const storage = await logged('storage', v1Storage());
  const index = await logged('index', v1Index(indexState));
  indexState.endpoints = `127.0.0.1:${registry.port}`;
  registryState.storage = storage.url;
  const transports: { close(): void }[] = [];
  const origins = [index, registry, storage];
  return {
    index: { ...index, state: indexState },
    registry: { ...registry, state: registryState },
    storage,
    host: `127.0.0.1:${index.port}`,
    expire() {
      registryState.tokens.clear();
      registryState.sessions.clear();
    },
    lines: () => order.splice(0),
    client(options = {}) {
      const transport = nodeTransport({ proxy: false });
      transports.push(transport);
      return createV1Client({ transport, clock: testClock(), ...options });
    },
    neutral: (text) =>
      ['INDEX', 'REGISTRY', 'STORAGE'].reduce(
        (shown, name, at) => shown.replaceAll(`127.0.0.1:${origins[at]?.port}`, name),
        text,
      ),
    async [Symbol.asyncDispose]() {
      for (const transport of transports) transport.close();
      for (const origin of origins) await origin[Symbol.asyncDispose]();
    },
  };
}
