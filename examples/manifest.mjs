// A manifest by tag or digest, its exact bytes, and what the registry said with them: node examples/manifest.mjs alpine:3
import { parseReference, referenceTarget } from 'lading';
import { createClient } from 'lading/node';

const [name = 'alpine'] = process.argv.slice(2);
const reference = parseReference(name);
const client = createClient();
const { descriptor, bytes, response } = await client.repository(reference).manifest(referenceTarget(reference));
console.error(`${descriptor.mediaType}, ${descriptor.size} bytes, ${descriptor.digest}`);
console.error(`status ${response.status}, content-type ${response.headers['content-type']}`);
process.stdout.write(bytes);
await client.close();
