// What a registry of the retired v1 protocol has of a repository: node examples/v1.mjs registry.example.com/team/app
import { parseReference } from 'lading';
import { createV1Client } from 'lading/node';

const { domain, path, tag = 'latest' } = parseReference(process.argv[2] ?? '');
const name = `${domain}/${path}`;
const client = createV1Client();

const { origin, version = 'it does not tell', standalone } = await client.ping(domain);
console.log(`${origin}, version ${version}${standalone ? ', standalone' : ''}`);
for await (const found of client.search(domain, path)) console.log(`found ${found.name}`);
console.log(`${(await client.images(name)).length} images`);
for (const [one, id] of Object.entries(await client.tags(name))) console.log(`${one}: ${id}`);

const id = await client.imageId(name, tag);
for (const ancestor of await client.ancestry(name, id)) {
  const { document } = await client.json(name, ancestor);
  const layer = await client.layer(name, ancestor);
  let size = 0;
  for await (const chunk of layer.bytes) size += chunk.length;
  console.log(`${ancestor.slice(0, 12)}  ${String(document.created)}  ${size} bytes`);
}
await client.close();
