/** Where a soak takes place: registries behind faults, with a way to look behind them, and layouts. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fixedCredentials } from '../../../src/http/credentials.ts';
import type { HostSettings } from '../../../src/http/host.ts';
import type { Credential } from '../../../src/http/types.ts';
import { directoryStore } from '../../../src/node/directory/directory.ts';
import { nodeTransport } from '../../../src/node/http/transport.ts';
import { serve } from '../../../src/node/serve/serve.ts';
import { type Client, createClient } from '../../../src/registry/client.ts';
import { createServer } from '../../../src/server/app.ts';
import { createMemoryRegistry } from '../../../src/store/memory.ts';
import type { Store } from '../../../src/store/types.ts';
import { faults } from '../../../src/testing/proxy/faults.ts';
import { startFaultProxy } from '../../../src/testing/proxy/start.ts';
import { startVendor } from '../../../src/testing/vendors.ts';
import { opening, type Running } from '../real/cleanup.ts';
import { startDockerRegistry } from '../real/docker-registry.ts';
import { findTool } from '../real/find-tool.ts';
import type { Random } from '../seeded.ts';
import { testClock } from '../test-clock.ts';
import { randomFaults } from './faults.ts';

/** A registry or a layout. */
export interface SoakPlace {
  readonly name: string;
  /** Through all faults, by this session. */
  open(client: Client, worker: number): Store;
  /** Past them. */
  behind(worker: number): Store;
  /** What a session may ping. */
  readonly host?: string | undefined;
}

export interface SoakWorld extends Running {
  readonly places: readonly SoakPlace[];
  /** A session that knows nothing yet. */
  login(): Client;
  /** How many requests something has happened to. */
  struck(): number;
}

export interface SoakOptions {
  readonly random: Random;
  /** Requests of a hundred that something happens to. */
  readonly percent: number;
  /** docker-registry as well, behind a proxy, where it is installed. */
  readonly withReal: boolean;
}

interface Spoiled extends SoakOptions {
  readonly strike: () => void;
}

const repositoryOf = (worker: number): string => `soak/worker-${worker}`;

interface Known {
  readonly hosts: Record<string, HostSettings>;
  readonly credentials: Record<string, Credential>;
}

export function startWorld(options: SoakOptions): Promise<SoakWorld> {
  return opening(async (closeLater) => {
    const known: Known = { hosts: {}, credentials: {} };
    let struck = 0;
    const spoiled: Spoiled = { ...options, strike: () => void struck++ };
    const isReal = options.withReal && findTool('docker-registry') !== undefined;
    const places = [
      await plainRegistry(spoiled, closeLater),
      await tokenRegistry(spoiled, known, closeLater),
      ...(isReal ? [await realRegistry(spoiled, closeLater)] : []),
      ...(await layouts(closeLater)),
    ];
    return { places, login: () => session(known), struck: () => struck };
  });
}

function session({ hosts, credentials }: Known): Client {
  return createClient({
    // What stalls is given up soon; nobody waits for a second attempt.
    transport: nodeTransport({ proxy: false, timeouts: { idleMs: 250, headMs: 500, writtenMs: 3000 } }),
    clock: testClock(),
    hosts,
    credentials: fixedCredentials(credentials),
  });
}

type Later = (close: () => unknown) => void;

async function plainRegistry({ random, percent, strike }: Spoiled, closeLater: Later): Promise<SoakPlace> {
  const registry = createMemoryRegistry();
  const served = await serve(randomFaults(random, percent, strike)(createServer({ registry })), { graceMs: 0 });
  closeLater(served.close);
  return registryAt('a registry', served.host, (worker) => registry.repository(repositoryOf(worker)));
}

async function tokenRegistry(
  { random, percent, strike }: Spoiled,
  known: Known,
  closeLater: Later,
): Promise<SoakPlace> {
  const vendor = await startVendor('harbor', { wraps: [randomFaults(random, percent, strike)] });
  closeLater(vendor.close);
  known.hosts[vendor.host] = vendor.settings;
  if (vendor.credential !== undefined) known.credentials[vendor.host] = vendor.credential;
  const { registry } = vendor;
  return registryAt('a registry with tokens', vendor.host, (worker) => registry.repository(repositoryOf(worker)));
}

/** What the proxy does to a registry that is not ours. */
const ofProxy = [
  '500',
  '502',
  '429-none',
  'reset-after-head',
  'reset-mid-request',
  'reset-at-50',
  'bit-flip',
  'extra-bytes',
] as const;

async function realRegistry({ random, percent, strike }: Spoiled, closeLater: Later): Promise<SoakPlace> {
  const real = await startDockerRegistry();
  closeLater(real.stop);
  const proxy = await startFaultProxy(real.url, {
    plans: ofProxy.map((name) => ({
      fault: faults[name],
      when: ({ path }) =>
        random(100 * ofProxy.length) < percent && (name !== 'bit-flip' || /\/(?:blobs|manifests)\/[^/]*$/.test(path)),
    })),
  });
  closeLater(() => proxy.close());
  closeLater(() => proxy.requests.forEach(({ fault }) => fault !== undefined && strike()));
  const direct = session({ hosts: {}, credentials: {} });
  closeLater(() => direct.close());
  return registryAt('docker-registry', proxy.host, (worker) =>
    direct.repository(`${real.host}/${repositoryOf(worker)}`),
  );
}

function registryAt(name: string, host: string, behind: (worker: number) => Store): SoakPlace {
  return { name, host, behind, open: (client, worker) => client.repository(`${host}/${repositoryOf(worker)}`) };
}

/** One for each worker, and one for all of them. */
async function layouts(closeLater: Later): Promise<readonly SoakPlace[]> {
  const folder = await mkdtemp(join(tmpdir(), 'lading-soak-'));
  closeLater(() => rm(folder, { recursive: true, force: true }));
  const own = (worker: number): Store => directoryStore(join(folder, `own-${worker}`));
  const shared = (): Store => directoryStore(join(folder, 'shared'));
  return [
    { name: 'a layout', open: (_, worker) => own(worker), behind: own },
    { name: 'a shared layout', open: shared, behind: shared },
  ];
}
