/** The registry of a vendor on this machine, filled, and clients that talk to it: with its credential, a wrong one, or none. */
import { fixedCredentials } from '../../src/http/credentials.ts';
import { nodeTransport } from '../../src/node/http/transport.ts';
import { type Client, createClient } from '../../src/registry/client.ts';
import type { Repository } from '../../src/registry/repository.ts';
import { createMemoryRegistry } from '../../src/store/memory.ts';
import { type Built, buildImage, buildIndex, putBuilt } from '../../src/testing/fixtures.ts';
import { type StartedVendor, type VendorOptions, startVendor } from '../../src/testing/vendors.ts';
import { testClock } from './test-clock.ts';

/** What nobody but the registry may see. */
export const CANARY = 'CANARY';

export type Who = 'user' | 'wrong' | 'anonymous';

export interface Talk {
  readonly client: Client;
  readonly repository: Repository;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface VendorWorld {
  readonly vendor: StartedVendor;
  /** linux/amd64, tagged `v1` and `v2`. */
  readonly image: Built;
  /** Of that and one for linux/arm64, tagged `multi`. */
  readonly index: Built;
  readonly arm: Built;
  /** A client that knows nothing yet, and an empty log: `await using talk = world.talk()`. */
  talk(who?: Who): Talk;
  /** `GET /v2/team/app/manifests/v1 200` of each request to the registry. */
  lines(): string[];
}

const LAYER = { files: { 'etc/motd': 'hello' } };

export async function startVendorWorld(name: string, options: VendorOptions = {}): Promise<VendorWorld> {
  const registry = createMemoryRegistry();
  const store = registry.repository('team/app');
  const image = await buildImage({ layers: [LAYER, new Uint8Array(5000).fill(7)] });
  const arm = await buildImage({ layers: [LAYER], platform: { os: 'linux', architecture: 'arm64' } });
  const index = buildIndex({ manifests: [image, arm] });
  await putBuilt(store, image, { tags: ['v1', 'v2'] });
  await putBuilt(store, index, { tags: ['multi'] });
  const vendor = await startVendor(name, { registry, ...options });
  const { host, requests, settings } = vendor;
  return {
    vendor,
    image,
    index,
    arm,
    talk(who = 'user') {
      for (const log of Object.values(requests)) log.length = 0;
      const credential = { user: vendor.credential, wrong: vendor.wrongCredential, anonymous: undefined }[who];
      const client = createClient({
        transport: nodeTransport({ proxy: false }),
        clock: testClock(),
        hosts: { [host]: { ...settings, headers: { cookie: CANARY, 'x-team': CANARY } } },
        ...(credential === undefined ? {} : { credentials: fixedCredentials({ [host]: credential }) }),
      });
      const repository = client.repository(`${host}/team/app`);
      return { client, repository, [Symbol.asyncDispose]: () => client.close() };
    },
    lines: () => requests.registry.map(({ method, path, status }) => `${method} ${path} ${status}`),
  };
}
