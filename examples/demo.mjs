// Two registries, one multi-platform image, and its way from one to the other and onto the disk. Run: npm run demo
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { copy, createMemoryRegistry, validate } from 'lading';
import { createClient, directoryStore, serve } from 'lading/node';
import { createServer } from 'lading/server';
import { putImage, putIndex } from 'lading/testing';

const say = (line) => console.log(line);
const short = (digest) => digest.slice(0, 19);
const size = (bytes) => `${(bytes / 1024).toFixed(1)} KiB`;

/** A registry in memory on a free port, with a count of what it is asked. */
async function startRegistry(name) {
  const requests = [];
  const handler = createServer({ registry: createMemoryRegistry(), log: (entry) => requests.push(entry) });
  const server = await serve(handler);
  say(`  ${name} listens on ${server.host}`);
  return { ...server, requests };
}

/** The real files of a directory, as a layer. */
async function layerOf(directory) {
  const files = {};
  for (const entry of await readdir(directory, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath ?? entry.path, entry.name);
    files[`app/${path.slice(directory.length + 1)}`] = await readFile(path);
  }
  return { files };
}

/** Tells a copy as it goes, one line an object. */
function narrate() {
  const sent = new Map();
  return (activity) => {
    if (activity.type === 'progress') sent.set(activity.descriptor.digest, activity.bytes);
    if (activity.type !== 'done') return;
    const { digest } = activity.descriptor;
    const bytes = sent.get(digest) ?? (activity.outcome === 'written' ? activity.descriptor.size : 0);
    say(`  ${short(digest)}  ${activity.outcome.padEnd(8)} ${size(bytes).padStart(10)} sent`);
  };
}

async function pushImage(repository) {
  const shared = await layerOf(fileURLToPath(new URL('../src', import.meta.url)));
  const manifests = [];
  for (const architecture of ['amd64', 'arm64']) {
    const own = { files: { 'etc/architecture': `${architecture}\n` } };
    const image = await putImage(repository, { layers: [shared, own], platform: { os: 'linux', architecture } });
    manifests.push(image);
    say(`  linux/${architecture.padEnd(6)} ${short(image.descriptor.digest)}  ${image.blobs.length} blobs`);
  }
  const index = await putIndex(repository, { manifests, tags: ['1.0', 'latest'] });
  say(`  index        ${short(index.descriptor.digest)}  tagged 1.0 and latest`);
  return index.descriptor;
}

async function tell(harbour, quay, directory) {
  const client = createClient({ credentials: async () => undefined });
  const from = client.repository(`${harbour.host}/demo/app`);
  const to = client.repository(`${quay.host}/mirror/app`);

  say('\n2. An image for two platforms is built from real files, and pushed to the first registry.');
  const { digest } = await pushImage(from);

  say('\n3. What is there now?');
  for await (const name of client.registry(harbour.host).repositories()) say(`  repository ${name}`);
  for await (const tag of from.tags()) say(`  tag        ${tag}  ${short((await from.resolve(tag)).digest)}`);

  say('\n4. All of it is copied to the second registry.');
  const copied = await copy(from, '1.0', to, { tags: ['1.0'], on: narrate() });
  say(`  the digest is ${copied.digest === digest ? 'the same' : 'ANOTHER'} at both ends`);

  say('\n5. Copied again, everything is there already.');
  const before = quay.requests.length;
  await copy(from, '1.0', to, { tags: ['1.0'], on: narrate() });
  const asked = quay.requests.slice(before).map(({ method, path }) => `${method} ${path}`);
  say(`  the second registry was asked once: ${asked.join(', ')}`);

  say('\n6. The copy is pulled to an OCI layout on the disk.');
  const layout = directoryStore(directory);
  await copy(to, '1.0', layout, { tags: ['1.0'], on: narrate() });

  say('\n7. Every digest, size and diff id of the layout is checked.');
  const { manifests, blobs, bytes, problems } = await validate(layout, '1.0');
  say(`  ${manifests} manifests and ${blobs} blobs, ${size(bytes)}: ${problems.length} problems`);
  await client.close();
  return copied.digest === digest && asked.length === 1 && problems.length === 0;
}

say('1. Two registries are started.');
const harbour = await startRegistry('the first ');
const quay = await startRegistry('the second');
const directory = await mkdtemp(join(tmpdir(), 'lading-demo-'));
try {
  const isWell = await tell(harbour, quay, directory);
  say(isWell ? '\nAll is well. The registries are stopped, and the layout is removed.' : '\nSomething went wrong.');
  process.exitCode = isWell ? 0 : 1;
} finally {
  await Promise.all([harbour.close(), quay.close()]);
  await rm(directory, { recursive: true, force: true });
}
