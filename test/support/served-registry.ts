/** A client and the embedded registry with a real socket between them. */
import { nodeTransport } from '../../src/node/http/transport.ts';
import { serve } from '../../src/node/serve/serve.ts';
import { type Client, type ClientOptions, createClient } from '../../src/registry/client.ts';
import type { Repository } from '../../src/registry/repository.ts';
import type { AccessLogEntry } from '../../src/server/access-log.ts';
import { createServer } from '../../src/server/app.ts';
import { createMemoryRegistry } from '../../src/store/memory.ts';
import type { IngestRegistry } from '../../src/store/types.ts';
import { combine, type Wrap } from '../../src/testing/wrap.ts';
import { testClock } from './test-clock.ts';
import { plantedCredentials } from './planted-secrets.ts';

export interface ServedRegistry {
  readonly client: Client;
  /** `127.0.0.1:34567` */
  readonly host: string;
  readonly repository: Repository;
  readonly registry: IngestRegistry;
  /** Every request that the server has answered; those that a wrap answered in its place are missing. */
  readonly log: AccessLogEntry[];
  readonly close: () => Promise<void>;
}

export async function servedRegistry(
  wraps: readonly Wrap[] = [],
  options: ClientOptions = {},
): Promise<ServedRegistry> {
  const registry = createMemoryRegistry();
  const log: AccessLogEntry[] = [];
  const handler = createServer({ registry, log: (entry) => log.push(entry) });
  const served = await serve(combine(...wraps)(handler));
  const client = createClient({
    transport: nodeTransport({ proxy: false }),
    clock: testClock(),
    credentials: plantedCredentials,
    ...options,
  });
  const close = async (): Promise<void> => {
    await client.close();
    await served.close();
  };
  const repository = client.repository(`${served.host}/team/app`);
  return { client, host: served.host, repository, registry, log, close };
}
