/** The guide for who comes from node-docker-registry-client: its program does what it says, and its tables name what there is. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { COMMANDS } from '../../src/cli/commands.ts';
import { basicAccess } from '../../src/server/basic-access.ts';
import { type Built, buildImage, buildIndex, putBuilt } from '../../src/testing/fixtures.ts';
import { codeBlocks, runProgram } from '../support/code-blocks.ts';
import { type LoggedRegistry, startLoggedRegistry } from '../support/logged-registry.ts';
import { TOP } from '../support/v1-images.ts';
import { startV1World, type V1World } from '../support/v1-server.ts';

const GUIDE = 'docs/guides/coming-from-node-docker-registry-client.md';
const access = basicAccess({ check: (user, password) => user === 'me' && password === 'secretstuff' });

let registry: LoggedRegistry;
let v1: V1World;
let app: Built;

before(async () => {
  registry = await startLoggedRegistry({ access });
  v1 = await startV1World();
  const layers = [{ files: { 'etc/motd': 'hello' } }, { files: { app: 'x'.repeat(5000) } }];
  const manifests = [await buildImage({ layers })];
  manifests.push(await buildImage({ layers, platform: { os: 'linux', architecture: 'arm64' } }));
  app = buildIndex({ manifests });
  await putBuilt(registry.registry.repository('team/app'), app, { tags: ['1.0', '1.1', 'latest'] });
});
after(async () => {
  await registry.close();
  await v1[Symbol.asyncDispose]();
});

test('its program prints what it says, and the registries were asked for that', async () => {
  const program = (await codeBlocks(GUIDE, 'js')).join('\n');
  const wanted = [...program.matchAll(/console\.log\(.*\);? \/\/ prints (.*)$/gm)].map(([, text]) => text);
  assert.equal(wanted.length, program.match(/console\.log/g)?.length);
  const hosted = program.replaceAll('registry.example.com', registry.host).replaceAll('other.example.com', v1.host);
  assert.deepEqual((await runProgram(hosted)).trimEnd().split('\n'), wanted);
  await assertRegistry();
  assertV1();
});

/** The layer went up once, the rest was mounted, and what was deleted at the end is gone. */
async function assertRegistry(): Promise<void> {
  const uploaded = registry.log.filter(({ path }) => path.startsWith('/v2/team/uploaded/'));
  const [child = assert.fail('there is no second image')] = app.children.slice(1);
  const [config, layer, other] = child.blobs.map(({ descriptor }) => descriptor);
  const bytes = uploaded.filter(({ method }) => method === 'PUT' || method === 'PATCH').map(({ bytesIn }) => bytesIn);
  assert.deepEqual(bytes, [layer?.size, child.manifest.descriptor.size]);
  const mounts = uploaded.filter(
    ({ method, path, status }) => method === 'POST' && path.includes('mount=') && status === 201,
  );
  assert.equal(mounts.length, 3);
  const repository = registry.registry.repository('team/uploaded');
  assert.equal(await repository.resolve('2.0'), undefined);
  const left = [config, layer, other].map(async (one) => one && (await repository.stat(one.digest)) !== undefined);
  assert.deepEqual(await Promise.all(left), [true, false, true]);
  const agents = new Set(registry.log.map(({ headers }) => headers['user-agent']));
  assert.deepEqual([...agents], ['my-program/1.0']);
}

/** The layer came from the storage, and nobody was made an account. */
function assertV1(): void {
  assert.ok(v1.storage.requests.some(({ path }) => path.includes(TOP.id)));
  const asked = v1.lines().filter((line) => !line.includes(' GET '));
  assert.deepEqual(asked, []);
}

/** What the original offers, as its documents and sources name it. */
const theirs = `createClient createClientV2 createClientV1 pingV2 loginV2 pingIndexV1 loginV1 login digestFromManifestStr
  MEDIATYPE_MANIFEST_V2 MEDIATYPE_MANIFEST_LIST_V2 MEDIATYPE_OCI_MANIFEST_V1 MEDIATYPE_OCI_MANIFEST_LIST_V1
  DEFAULT_INDEX_NAME DEFAULT_TAG parseIndex parseRepo parseRepoAndRef parseRepoAndTag remoteName localName canonicalName
  name repo version log username password token insecure scheme acceptManifestLists maxSchemaVersion agent proxy userAgent
  ca ping supportsV2 listTags getManifest followRedirects headBlob createBlobReadStream putManifest blobUpload uploadBlob
  close deleteManifest startBlobUpload getBlobUploadStatus uploadBlobChunk completeBlobUpload cancelBlobUpload deleteBlob
  listRepositories search listRepoImgs listRepoTags getImgId getImgAncestry getImgJson getImgLayerStream
  InternalError ManifestVerificationError InvalidManifestError DownloadError UploadError UnauthorizedError
  TooManyRedirectsError NotFoundError BadDigestError InvalidContentError RestError statusCode body cause`;

test('its tables have every function, option and error of the original', async () => {
  const rows = (await readFile(new URL(`../../${GUIDE}`, import.meta.url), 'utf8')).match(/^\| [^|]+ \|/gm) ?? [];
  const named = new Set(rows.join(' ').match(/\w+/g));
  assert.deepEqual(
    theirs.split(/\s+/).filter((name) => !named.has(name)),
    [],
  );
});

test('its tables name what is exported, and commands and options that there are', async () => {
  const read = (file: string): Promise<string> => readFile(new URL(`../../${file}`, import.meta.url), 'utf8');
  const surface = new Set((await read('test/api/surface.golden.txt')).match(/\w+/g));
  const commands = new Set(COMMANDS.map(({ name }) => `lading ${name}`));
  const options = new Set((await read('docs/cli.md')).match(/--[a-z-]+/g));
  const rows = (await read(GUIDE)).split('\n').filter((line) => /^\| .* \|$/.test(line));
  const cells = rows.map((line) => line.split(' | '));
  const calls = cells.flatMap(([, ours]) => ours?.match(/\b[a-z]\w+(?=\()/g) ?? []);
  const lines = cells.map(([, , command = '']) => command).join(' ');
  const named = lines.match(/lading [a-z0-9-]+/g) ?? [];
  assert.ok(calls.length > 30 && named.length > 20);
  const unknown = [
    ...calls.filter((call) => !surface.has(call)),
    ...named.filter((command) => !commands.has(command)),
    ...(lines.match(/--[a-z-]+/g) ?? []).filter((option) => !options.has(option)),
  ];
  assert.deepEqual(unknown, []);
});
