// The parts of names: node examples/parse.mjs mongo https://quay.io/trentm/foo
import { parseRepoAndTag } from 'lading';

for (const name of process.argv.slice(2)) console.log(JSON.stringify(parseRepoAndTag(name), null, 2));
