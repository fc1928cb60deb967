// A blob, looked at and then streamed into a file: node examples/blob.mjs alpine@sha256:… layer.tgz
import { OciError, parseReference } from 'lading';
import { createClient, saveContent } from 'lading/node';

const [name = '', file = 'blob'] = process.argv.slice(2);
const reference = parseReference(name);
if (reference.digest === undefined) throw new OciError('USAGE', 'name a blob: repository@sha256:…');
const client = createClient();
const repository = client.repository(reference);
const head = await repository.headBlob(reference.digest);
if (head === undefined) throw new OciError('NOT_FOUND', `there is no blob ${name}`);
console.log(`${head.descriptor.size} bytes, content-type ${head.response.headers['content-type']}`);

// Verified while it is written: a wrong byte never becomes the file.
await saveContent(repository.blob(head.descriptor), file);
console.log(`wrote ${file}`);
await client.close();
