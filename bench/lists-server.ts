/**
 * A registry of long lists: our embedded one over memory, as a process of its own. It prints where it listens, and then its log in
 * Apache's format, as docker-registry does. (docker-registry itself walks its whole storage for a page of its catalog.)
 */
import { serve } from '../src/node/serve/serve.ts';
import { createMemoryRegistry } from '../src/store/memory.ts';
import { buildImage, putBuilt } from '../src/testing/fixtures.ts';
import { LISTED_REPOSITORIES, LISTED_TAGS, listedName } from './works.ts';

const registry = createMemoryRegistry();
const image = await buildImage({ layers: [{ files: { 'etc/motd': 'one of many' } }] });
const tags = Array.from({ length: LISTED_TAGS }, (_, at) => listedName(at));
for (let at = 0; at < LISTED_REPOSITORIES; at++) {
  await putBuilt(registry.repository(listedName(at)), image, { tags: at === 0 ? tags : ['latest'] });
}
const { host } = await serve({
  registry,
  log: ({ method, path, status, bytesOut }) =>
    console.log(`127.0.0.1 - - [-] "${method} ${path} HTTP/1.1" ${status} ${bytesOut} "" ""`),
});
console.log(`listening on ${host}`);
