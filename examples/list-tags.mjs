// The tags of a repository, all pages, with what each stands for: node examples/list-tags.mjs alpine
import { tagDigests } from 'lading';
import { createClient } from 'lading/node';

const [name = 'alpine'] = process.argv.slice(2);
const client = createClient();
const repository = client.repository(name);
for await (const { tag, descriptor } of tagDigests(repository)) console.log(`${tag}  ${descriptor.digest}`);
await client.close();
