// The example of imagespy/registry-client: an image, its platforms, and the manifest of each.
// node examples/registry-client.mjs golang:1.12.0
import { parseReference, platformsOf, referenceTarget } from 'lading';
import { createClient } from 'lading/node';

const reference = parseReference(process.argv[2] ?? 'golang:1.12.0');
const tag = referenceTarget(reference);
const client = createClient();
const repository = client.repository(reference);

const image = await repository.resolve(tag);
console.log(`Image Digest of Tag ${tag}: ${image?.digest}`);
for (const { platform, descriptor } of await platformsOf(repository, tag)) {
  console.log(`Platform OS ${platform.os} Architecture ${platform.architecture}`);
  const manifest = await repository.manifest(descriptor);
  console.log(`Manifest of type ${manifest.descriptor.mediaType}`);
}
await client.close();
