/**
 * A registry behind a fault proxy, which counts what comes through and does nothing wrong unless it is told to. It is an embedded one;
 * with `LADING_REGISTRY=docker` Debian's docker-registry.
 */
import { nodeTransport } from '../../src/node/http/transport.ts';
import { serve } from '../../src/node/serve/serve.ts';
import { createClient } from '../../src/registry/client.ts';
import type { Repository } from '../../src/registry/repository.ts';
import { createMemoryRegistry } from '../../src/store/memory.ts';
import { type FaultProxy, startFaultProxy } from '../../src/testing/proxy/index.ts';
import { opening, type Running } from './real/cleanup.ts';
import { startDockerRegistry } from './real/docker-registry.ts';
import { total } from './layout-blobs.ts';

export interface ProxiedRegistry extends Running {
  /** The proxy's, as a client knows the registry. */
  readonly host: string;
  readonly proxy: FaultProxy;
  /** Of the registry itself, to fill it. */
  repository(name: string): Repository;
  /** Bytes of bodies that went to clients since the last time. */
  served(): number;
}

export function startProxiedRegistry(): Promise<ProxiedRegistry> {
  return opening(async (closeLater) => {
    const { host, stop } = await (process.env.LADING_REGISTRY === 'docker' ? startDockerRegistry() : startOwn());
    closeLater(stop);
    const client = createClient({ transport: nodeTransport({ proxy: false }) });
    closeLater(() => client.close());
    const proxy = await startFaultProxy(host);
    closeLater(() => proxy.close());
    let seen = 0;
    const served = (): number => {
      const fresh = proxy.requests.slice(seen);
      seen += fresh.length;
      return total(fresh.map(({ bytesToClient }) => bytesToClient));
    };
    return { host: proxy.host, proxy, repository: (name) => client.repository(`${host}/${name}`), served };
  });
}

async function startOwn(): Promise<{ readonly host: string } & Running> {
  const { host, close } = await serve({ registry: createMemoryRegistry() }, { graceMs: 100 });
  return { host, stop: close };
}
