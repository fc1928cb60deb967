/** JSON that readers read differently: refused at every door; and what is only unusual goes through byte for byte. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { digestOf } from '../../src/bytes/hash.ts';
import { copy } from '../../src/graph/copy.ts';
import { OCI_CONFIG, OCI_MANIFEST } from '../../src/model/media-types.ts';
import { directoryStore } from '../../src/node/directory/directory.ts';
import { blob } from '../../src/testing/samples.ts';
import { createServer } from '../../src/server/app.ts';
import { createMemoryRegistry } from '../../src/store/memory.ts';
import { manifestFrom } from '../../src/store/content.ts';
import { serve } from '../../src/node/serve/serve.ts';
import { cli } from '../support/cli.ts';
import { refusals } from '../support/every-door.ts';
import { scratch } from '../support/layouts.ts';
import { testRegistry } from '../support/test-registry.ts';

const descriptor = (size: string): string => `{"mediaType":"a/b","digest":"sha256:${'a'.repeat(64)}","size":${size}}`;
const document = (more: string, size: string = '3'): string =>
  `{"schemaVersion":2,"mediaType":"${OCI_MANIFEST}","config":${descriptor(size)}${more}}`;
const layers = `,"layers":[]`;
const deep = (depth: number): string => `${layers},"x":${'['.repeat(depth)}${']'.repeat(depth)}`;

const refused: Readonly<Record<string, string | Uint8Array>> = {
  'layers twice': document(`${layers}${layers}`),
  'Layers and layers': document(`,"Layers":[]${layers}`),
  'layers twice, once in other letters': document(`${layers},"l\\u0061yers":[]`),
  'layers and Layers': document(`${layers},"Layers":[]`),
  'bytes behind the document': `${document(layers)}x`,
  'a second document': document(layers) + document(layers),
  'a byte order mark': Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(document(layers))]),
  'a lone surrogate': document(`${layers},"annotations":{"a":"\\ud800"}`),
  'a lone surrogate in its bytes': Buffer.from(
    document(`${layers},"annotations":{"a":"\u00ed\u00a0\u0080"}`),
    'latin1',
  ),
  'a depth of 100000': document(deep(100_000)),
  'a size of -1': document(layers, '-1'),
  'a size of 1.5': document(layers, '1.5'),
  'a size of 1e3': document(layers, '1e3'),
  'a size of 2^53+1': document(layers, '9007199254740993'),
  'a size of "5"': document(layers, '"5"'),
};

/** The time is a hang's, not the machine's: all of them are one pass over the text. */
for (const [what, text] of Object.entries(refused)) {
  test(`G16: ${what}: refused at every door`, { timeout: 30_000 }, async (t) => {
    const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : Uint8Array.from(text);
    const { server, ...codes } = await refusals(bytes, OCI_MANIFEST, await scratch(t));
    const code = codes.get;
    assert.ok(code === 'MANIFEST_INVALID' || code === 'DESCRIPTOR_INVALID', code);
    for (const [door, found] of Object.entries(codes)) assert.equal(found, code, door);
    assert.equal(server, '400 MANIFEST_INVALID');
  });
}

test('G16: a manifest with odd whitespace and unknown fields is copied byte for byte', async (t) => {
  const config = blob('{}', OCI_CONFIG);
  const { digest, size } = config.descriptor;
  const text = `\n{ "unknown" : [1.50 ,\t2e3, "\\u0041"],\r\n  "layers":[ ], "schemaVersion":2 ,"config": {"size":${size},
    "digest":"${digest}", "mediaType":"${OCI_CONFIG}", "more":null},"mediaType":"${OCI_MANIFEST}"}  \n\n`;
  const bytes = new TextEncoder().encode(text);
  const manifest = manifestFrom(bytes, OCI_MANIFEST);
  const from = testRegistry();
  const to = testRegistry();
  await from.registry.repository('team/app').putBlob(config);
  await from.registry.repository('team/app').putManifest(manifest, { tags: ['1'] });
  const folder = await scratch(t);
  const layout = directoryStore(join(folder, 'layout'));
  await copy(from.repository, '1', layout, { tags: ['1'] });
  await copy(layout, '1', to.repository, { tags: ['1'] });
  assert.deepEqual(await readFile(join(folder, 'layout', 'blobs', ...digestOf(bytes).split(':'))), Buffer.from(bytes));
  assert.deepEqual(Buffer.from((await to.repository.manifest('1')).bytes), Buffer.from(bytes));

  const registry = createMemoryRegistry();
  const served = await serve(createServer({ registry }));
  t.after(() => served.close());
  const command = async (...words: readonly string[]): Promise<Buffer> => {
    const { code, stdoutBytes, stderr } = await cli(words, { cwd: folder });
    assert.equal(code, 0, stderr);
    return stdoutBytes;
  };
  await command('copy', 'oci:layout:1', `${served.host}/a:1`);
  await command('copy', `${served.host}/a:1`, `${served.host}/b:1`);
  await command('copy', `${served.host}/b:1`, 'oci-archive:archive.tar:1');
  await command('copy', 'oci-archive:archive.tar:1', `${served.host}/c:1`);
  for (const name of ['a', 'b', 'c']) {
    assert.deepEqual(Buffer.from((await registry.repository(name).manifest('1')).bytes), Buffer.from(bytes));
  }
  assert.deepEqual(await command('manifest', `${served.host}/c:1`), Buffer.from(bytes));
});
