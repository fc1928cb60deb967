/** The workflows of the OCI conformance suite (distribution-spec 1.1: pull, push, content discovery, content management). */
import { after } from 'node:test';
import { directoryRegistry } from '../../src/node/directory/directory-registry.ts';
import { type Api, createApi } from '../support/api.ts';
import { testBlobs } from '../support/conformance/blobs.ts';
import { testContent } from '../support/conformance/content.ts';
import { temporaryDirectory } from '../support/real/temporary.ts';

const folder = await temporaryDirectory('conformance');
after(folder.remove);

let made = 0;
const registries: Readonly<Record<string, () => Promise<Api>>> = {
  memory: async () => createApi(),
  directory: async () => createApi({ registry: directoryRegistry(`${folder.path}/${made++}`) }),
};

for (const [name, create] of Object.entries(registries)) {
  testBlobs(name, create, 'sha256');
  testBlobs(name, create, 'sha512');
  testContent(name, create);
}
