/** A client, and the embedded registry it talks to, with whatever quirks and faults a test wants. */
import { type Client, type ClientOptions, createClient } from '../../src/registry/client.ts';
import type { Repository } from '../../src/registry/repository.ts';
import { createServer, type ServerOptions } from '../../src/server/app.ts';
import { createMemoryRegistry } from '../../src/store/memory.ts';
import type { IngestRegistry } from '../../src/store/types.ts';
import { combine, type Wrap } from '../../src/testing/wrap.ts';
import { type WireRequest, wireTo } from './handler-wire.ts';
import { plantedCredentials } from './planted-secrets.ts';
import { type TestClock, testClock } from './test-clock.ts';

export interface TestRegistryOptions {
  readonly wraps?: readonly Wrap[];
  readonly server?: Partial<ServerOptions>;
  readonly client?: ClientOptions;
}

export interface TestRegistry {
  readonly client: Client;
  /** `registry.test/team/app` */
  readonly repository: Repository;
  /** What the server serves: for putting and looking without the wire. */
  readonly registry: IngestRegistry;
  readonly requests: WireRequest[];
  readonly clock: TestClock;
  /** Answers that were neither read to their end nor cancelled. */
  readonly open: () => number;
  /** `GET /v2/team/app/tags/list 200`, a line a request. */
  readonly lines: () => string[];
}

export const TEAM_APP = 'registry.test/team/app';

export function testRegistry(options: TestRegistryOptions = {}): TestRegistry {
  const registry = options.server?.registry ?? createMemoryRegistry();
  const handler = combine(...(options.wraps ?? []))(createServer({ ...options.server, registry }));
  const { transport, requests, open } = wireTo(handler);
  const clock = testClock();
  const client = createClient({
    transport,
    clock,
    retry: { random: () => 0 },
    credentials: plantedCredentials,
    ...options.client,
  });
  const repository = client.repository(TEAM_APP);
  const lines = (): string[] => requests.map(({ method, path, status }) => `${method} ${path} ${status}`);
  return { client, repository, registry, requests, clock, open, lines };
}
