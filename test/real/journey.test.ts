/**
 * The whole way of real images: skopeo fills a registry, and from there they are copied to a second registry, into a
 * layout, and back; in each of the four set-ups, for both families of media types. Others judge what arrived.
 */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { copy } from '../../src/graph/copy.ts';
import { directoryStore } from '../../src/node/directory/directory.ts';
import { nodeTransport } from '../../src/node/http/transport.ts';
import { type Client, createClient } from '../../src/registry/client.ts';
import { needs, toolPath } from '../support/real/find-tool.ts';
import { imageTools, type RealImages, realImages, realTags } from '../support/real/images.ts';
import { assertLayoutFiles } from '../support/real/layout-files.ts';
import { attach, rawManifest } from '../support/real/raw-registry.ts';
import { assertSameContent, type RawRepository } from '../support/real/same-content.ts';
import { type SetUp, type SetUpName, setUps, setUpTools } from '../support/real/set-ups.ts';
import { skopeoCopy, skopeoInspectRaw } from '../support/real/skopeo.ts';
import { temporaryDirectory } from '../support/real/temporary.ts';
import { umociUnpack } from '../support/real/umoci.ts';

const families = { oci: undefined, docker: 'v2s2' } as const;
type Family = keyof typeof families;

/** The first registry: what skopeo put there is what everything is compared with. */
let first: SetUp;
let images: RealImages;
const unpacked = new Set<string>();

describe('real images', needs('docker-registry', 'skopeo', ...imageTools), () => {
  before(async () => {
    images = await realImages();
    first = await setUps.open();
    for (const family of ['oci', 'docker'] as const) await fill(family);
  });
  after(() => first?.stop());

  for (const name of Object.keys(setUps) as SetUpName[]) {
    describe(`to a registry (${name}), to a layout, and back`, needs(...setUpTools[name]), () => {
      let second: SetUp;
      let client: Client;
      before(async () => {
        second = await setUps[name]();
        client = clientFor(second);
      });
      after(async () => {
        await client?.close();
        await second?.stop();
      });
      for (const family of ['oci', 'docker'] as const) {
        for (const tag of realTags) {
          test(`${tag}, ${family} media types`, async (t) => {
            const work = await temporaryDirectory('journey');
            t.after(work.remove);
            await travel(client, second, family, tag, join(work.path, 'layout'));
          });
        }
      }
      test('all that while the registry was what it is', () => second.assertUsed());
    });
  }
});

/** Puts the images into the first registry by skopeo, and attaches things to them by plain requests. */
async function fill(family: Family): Promise<void> {
  const format = families[family];
  for (const tag of realTags) {
    const to = { registry: first.skopeo, reference: `source/${family}:${tag}` };
    await skopeoCopy(`oci:${images.layout}:${tag}`, to, format === undefined ? {} : { format });
    const found = await rawManifest(first, `source/${family}`, tag);
    assert.ok(found);
    const bill = await attach(first, `source/${family}`, found.descriptor, 'application/vnd.example.bill+json');
    await attach(first, `source/${family}`, found.descriptor, 'application/vnd.example.log+text');
    await attach(first, `source/${family}`, bill, 'application/vnd.example.signature');
  }
}

function clientFor({ host, base, pathPrefix, account, realms, ca }: SetUp): Client {
  const plainHttp = base.startsWith('http:');
  const credential = account === undefined ? {} : { credential: account };
  const transport = nodeTransport({ proxy: false, ca: ca === undefined ? [] : [ca] });
  return createClient({ transport, hosts: { [host]: { pathPrefix, plainHttp, realms, ...credential } } });
}

/** One image on its way, and the judgements at each stop. */
async function travel(client: Client, second: SetUp, family: Family, tag: string, layout: string): Promise<void> {
  const source: RawRepository = { registry: first, name: `source/${family}` };
  const wanted = await rawManifest(first, source.name, tag);
  assert.ok(wanted);
  const { digest } = wanted.descriptor;
  const options = { tags: [tag], referrers: true };

  const there = client.repository(`${second.host}/there/${family}`);
  const arrived = await copy(client.repository(`${first.host}/${source.name}`), tag, there, options);
  assert.equal(arrived.digest, digest);
  const compared = await assertSameContent(source, { registry: second, name: `there/${family}` }, tag);
  assert.ok(compared.size >= (tag === 'platforms' ? 7 : 4), `${compared.size} manifests`);
  assert.ok(Buffer.from(await skopeoInspectRaw(second.skopeo, `there/${family}:${tag}`)).equals(wanted.bytes));

  const local = directoryStore(layout);
  assert.equal((await copy(there, tag, local, options)).digest, digest);
  await judgeLayout(layout, family, tag, digest);

  const back = client.repository(`${second.host}/back/${family}`);
  assert.equal((await copy(local, tag, back, options)).digest, digest);
  await assertSameContent(source, { registry: second, name: `back/${family}` }, tag);
}

/** What the layout is as plain files; and, of OCI media types, the only ones that they read from layouts, what others make of it. */
async function judgeLayout(layout: string, family: Family, tag: string, digest: string): Promise<void> {
  assert.equal(await assertLayoutFiles(layout, tag), digest);
  if (family !== 'oci') return;
  const judged = `judged/${crypto.randomUUID()}`;
  await skopeoCopy(`oci:${layout}:${tag}`, { registry: first.skopeo, reference: `${judged}:${tag}` });
  assert.equal((await rawManifest(first, judged, tag))?.descriptor.digest, digest);
  // The large one takes umoci half a minute: once is enough, for the bytes of every layout are read above.
  if (tag === 'busybox' || (tag === 'files' && !unpacked.has(digest))) await unpack(layout, tag);
  unpacked.add(digest);
}

/** umoci checks every digest and diff id on its way. */
async function unpack(layout: string, tag: string): Promise<void> {
  const bundle = `${layout}-unpacked`;
  await umociUnpack(`${layout}:${tag}`, bundle);
  const { length } = await readdir(join(bundle, 'rootfs'));
  assert.notEqual(length, 0);
  if (tag !== 'busybox') return;
  const program = await readFile(join(bundle, 'rootfs/bin/busybox'));
  assert.ok(program.equals(await readFile(toolPath('busybox'))));
}
