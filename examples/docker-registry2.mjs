// Every call of docker_registry2's README, in its order, on a registry that may be written to:
// node examples/docker-registry2.mjs localhost:5000/namespace/repo:2.5.6 localhost:5001
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  append,
  contentSize,
  copy,
  deleteRepository,
  isIndex,
  isOciError,
  openImage,
  parseReference,
  readAll,
  search,
  select,
  tagDigests,
} from 'lading';
import { createClient, pullLayers, pushLayers, readLayer, saveContent } from 'lading/node';
import { buildLayer } from 'lading/testing';

const [name = '', otherRegistry = ''] = process.argv.slice(2);
const { domain, path, tag = 'latest' } = parseReference(name);
const client = createClient();
const registry = client.registry(domain);
const repo = registry.repository(path);
const directory = await mkdtemp(join(tmpdir(), 'docker-registry2-'));

/** One call of the README. What this registry does not offer is told, and is no end. */
async function call(title, body) {
  try {
    console.log(`${title}: ${await body()}`);
  } catch (error) {
    if (!isOciError(error, 'UNSUPPORTED', 'DENIED', 'UNAUTHORIZED')) throw error;
    console.log(`${title}: not here (${error.code})`);
  }
}

const collect = async (items) => {
  const all = [];
  for await (const item of items) all.push(item);
  return all;
};

try {
  await call('connect', async () => (await client.ping(domain)).origin);
  await call('search', async () => (await collect(search(registry, path))).join(' '));
  await call('tags', async () => (await collect(repo.tags())).join(' '));
  await call('tags with hashes', async () => (await collect(tagDigests(repo))).length);
  await call('tags by pages', async () => {
    const tags = [];
    for (let page = await repo.tagPage({ pageSize: 1 }); ; page = await repo.tagPage({ next: page.next })) {
      tags.push(...page.tags);
      if (page.next === undefined) return tags.join(' ');
    }
  });

  const manifest = await repo.manifest(tag);
  await call('manifest', async () => manifest.descriptor.mediaType);
  await call('manifest.headers', async () => manifest.response.headers['content-type']);
  const image = await openImage(
    repo,
    tag,
    isIndex(manifest) ? { platform: manifest.links[0].descriptor.platform } : {},
  );
  const [layer] = image.layers;
  await call('blob to a file', async () => {
    await saveContent(repo.blob(layer), join(directory, 'blob'));
    return (await readFile(join(directory, 'blob'))).length;
  });
  await call(
    'blob in memory',
    async () => (await readAll(repo.blob(layer).open(), 64 * 1024 * 1024, 'the blob')).length,
  );
  await call('blob.headers', async () => (await repo.headBlob(layer.digest))?.response.status);
  await call('config', async () => (await image.config())?.architecture);
  await call('digest', async () => (await repo.resolve(tag))?.digest);
  await call(
    'digest of a platform',
    async () => (await select(repo, tag, { platform: image.platform })).descriptor.digest,
  );
  await call('manifest_sum', async () => contentSize(image.manifest));
  await call('blob_size', async () => (await repo.stat(layer.digest))?.size);

  const files = join(directory, 'layers');
  await call('pull', async () => (await pullLayers(repo, image.manifest, files, { config: true })).length);
  await call(
    'push',
    async () =>
      (await pushLayers(image.manifest, files, registry.repository(`${path}-pushed`), { tags: [tag] })).digest,
  );
  await call('tag here', async () => (await copy(repo, tag, repo, { tags: ['again'] })).digest);
  await call(
    'tag elsewhere',
    async () => (await copy(repo, tag, registry.repository(`${path}-other`), { tags: ['10.5'] })).digest,
  );
  await call(
    'copy',
    async () => (await copy(repo, tag, client.registry(otherRegistry).repository(path), { tags: ['copied'] })).digest,
  );

  await call('append', async () => {
    const archive = join(directory, 'mydata.tgz');
    await saveContent((await buildLayer({ files: { 'mydata/hello': 'hello' } })).content, archive);
    const mydata = await readLayer(archive);
    try {
      const changed = await append(repo, tag, [mydata]);
      return (await copy(changed.source, changed.root, repo, { tags: ['appended'] })).digest;
    } finally {
      await mydata.close();
    }
  });
  await call('rmtag', () => repo.delete({ tag: 'again' }));
  await call('the tag beside it', async () => (await repo.resolve(tag))?.digest);
  await call('rmrepo', async () => (await deleteRepository(registry.repository(`${path}-other`))).deleted.length);
} finally {
  await rm(directory, { recursive: true, force: true });
  await client.close();
}
