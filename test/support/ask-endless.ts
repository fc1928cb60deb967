/** Asks an endless registry for each of its documents. */
import { imageConfig } from '../../src/graph/select.ts';
import type { Client } from '../../src/registry/client.ts';
import type { Descriptor } from '../../src/model/descriptor.ts';
import { OCI_MANIFEST } from '../../src/model/media-types.ts';
import type { Endpoint } from './endless-registry.ts';

const subject: Descriptor = { mediaType: OCI_MANIFEST, digest: `sha256:${'1'.repeat(64)}`, size: 2 };

export function askEndless(client: Client, host: string, endpoint: Endpoint): Promise<unknown> {
  const repository = client.repository(`${host}/app`);
  const first = (items: AsyncIterable<unknown>): Promise<unknown> => items[Symbol.asyncIterator]().next();
  const verbs: Readonly<Record<Endpoint, () => Promise<unknown>>> = {
    manifest: () => repository.manifest('1'),
    config: async () => imageConfig(repository, await repository.manifest('image')),
    token: () => client.repository(`${host}/private`).manifest('1'),
    tags: () => first(repository.tags()),
    catalog: () => first(client.registry(host).repositories()),
    referrers: () => first(repository.referrers(subject)),
    error: () => client.repository(`${host}/refusing`).manifest('1'),
  };
  return verbs[endpoint]();
}
