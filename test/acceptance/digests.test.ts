/** What is no digest is refused by its form: no registry is asked about it, and no file of that name is looked for. */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { test } from 'node:test';
import { copy } from '../../src/graph/copy.ts';
import type { Digest } from '../../src/model/digest.ts';
import { OCI_INDEX, OCI_MANIFEST } from '../../src/model/media-types.ts';
import { openLayout } from '../../src/layout/oci-layout.ts';
import type { LayoutTree, ReadTree } from '../../src/layout/tree.ts';
import { serve } from '../../src/node/serve/serve.ts';
import { createServer } from '../../src/server/app.ts';
import type { AccessLogEntry } from '../../src/server/access-log.ts';
import { contentFrom } from '../../src/store/content.ts';
import { createMemoryRegistry, createMemoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/types.ts';
import { answering } from '../../src/testing/wrap.ts';
import { cli } from '../support/cli.ts';
import { scratch } from '../support/layouts.ts';
import { refused } from '../support/refused.ts';
import { testRegistry } from '../support/test-registry.ts';

const MANIFEST_1 = '/v2/team/app/manifests/1 200';
const hex = '0123456789abcdef'.repeat(4);

const bad: readonly string[] = [
  'sha256:../..',
  `sha256:${'../'.repeat(21)}a`,
  'sha256:%2e%2e',
  `sha256:${'%2e'.repeat(21)}a`,
  `sha256:${hex.slice(0, 61)}%2f`,
  `sha256:${hex.slice(0, 62)}/.`,
  `sha256:${hex.toUpperCase()}`,
  `SHA256:${hex}`,
  `sha256:${hex.slice(1)}`,
  `sha256:${hex}0`,
  'sha256:',
  `:${hex}`,
  `sha256:${hex.slice(1)}g`,
  `sha1:${hex.slice(0, 40)}`,
  `md5:${hex.slice(0, 32)}`,
  `sha512:${hex}`,
  `sha256+b64u:${hex}`,
  `sha256:${hex}\r\nHost: evil.test`,
  `sha256:${hex}\n`,
  `sha256:${hex.slice(1)}\0`,
  `sha256:\u202e${hex.slice(1)}`,
  `sha256:${hex.slice(1)}\u0660`,
  ` sha256:${hex}`,
  `sha256:${hex}?x=1`,
  `sha256:${hex}#x`,
];

/** Every verb of a store that takes a digest. */
const verbs: Readonly<Record<string, (store: Store, digest: Digest) => unknown>> = {
  stat: (store, digest) => store.stat(digest),
  blob: (store, digest) => store.blob({ mediaType: 'a/b', digest, size: 1 }).open()[Symbol.asyncIterator]().next(),
  manifest: (store, digest) => store.manifest({ mediaType: 'a/b', digest, size: 1 }),
  'delete a manifest': (store, manifest) => store.delete({ manifest }),
  'delete a blob': (store, blob) => store.delete({ blob }),
  referrers: (store, digest) => store.referrers({ mediaType: 'a/b', digest, size: 1 })[Symbol.asyncIterator]().next(),
  putBlob: (store, digest) => {
    const content = contentFrom(new Uint8Array(1));
    return store.putBlob({ ...content, descriptor: { ...content.descriptor, digest } });
  },
};

/** In a layout these take any name that an index gives. */
const ofRegistries: typeof verbs = {
  resolve: (store, digest) => store.resolve(digest),
  'a manifest by its digest alone': (store, digest) => store.manifest(digest),
};

/** A medium that fails the test when anything is done with it. */
function untouchable(): { readonly tree: LayoutTree; readonly touched: string[] } {
  const touched: string[] = [];
  const plain: Pick<ReadTree, 'name'> = { name: 'untouched' };
  const tree = new Proxy(plain, {
    get(target, name) {
      if (name === 'name') return target.name;
      if (name === 'origin') return undefined;
      return () => {
        touched.push(String(name));
        throw new Error(`${String(name)} was called`);
      };
    },
  }) as unknown as LayoutTree;
  return { tree, touched };
}

for (const digest of bad as readonly Digest[]) {
  test(`G17: ${JSON.stringify(digest).slice(0, 50)} is no digest, to no registry and to no layout`, async () => {
    const { repository, requests } = testRegistry();
    const { tree, touched } = untouchable();
    for (const [store, more] of [[repository, ofRegistries] as const, [openLayout(tree), {}] as const]) {
      for (const [verb, run] of Object.entries({ ...verbs, ...more })) {
        const attempt = Promise.resolve().then(() => run(store as Store, digest));
        const { message } = await refused(attempt, 'DIGEST_INVALID', /is not a digest/);
        assert.ok(message.length < 400, verb);
      }
    }
    assert.deepEqual([requests, touched], [[], []]);
  });
}

test('G17: a manifest that names one is refused, and nothing more is asked for', async () => {
  const good: object = { mediaType: 'a/b', digest: `sha256:${hex}`, size: 3 };
  for (const digest of bad) {
    const wrong = { ...good, digest };
    const image = { schemaVersion: 2, mediaType: OCI_MANIFEST, config: good, layers: [good] };
    for (const document of [
      { ...image, config: wrong },
      { ...image, layers: [good, wrong] },
      { ...image, subject: wrong },
      { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [wrong] },
    ]) {
      const headers = { 'content-type': document.mediaType };
      const served = answering(
        () => true,
        ({ method }) => new Response(method === 'HEAD' ? null : JSON.stringify(document), { headers }),
      );
      const { repository, lines } = testRegistry({ wraps: [served] });
      const target = createMemoryStore();
      await refused(copy(repository, '1', target, { tags: ['1'] }), 'DIGEST_INVALID', /is not a digest/);
      assert.deepEqual(new Set(lines().map((line) => line.replace(/^\w+ /, ''))), new Set([MANIFEST_1]), digest);
      assert.equal(await target.resolve('1'), undefined);
    }
  }
});

test('G17: the command refuses them all, and asks nobody', async (t) => {
  const log: AccessLogEntry[] = [];
  const handler = createServer({ registry: createMemoryRegistry(), log: (entry) => log.push(entry) });
  const served = await serve(handler);
  t.after(() => served.close());
  const cwd = await scratch(t);
  for (const digest of bad) {
    for (const words of [
      ['manifest', `${served.host}/team/app@${digest}`],
      ['blob', 'get', `${served.host}/team/app@${digest}`],
      // What begins as nothing like a digest is the path of a folder.
      ...(/^(?:sha|md)\d/i.test(digest) ? [['copy', `oci:layout@${digest}`, `${served.host}/team/app:1`]] : []),
      ['pull', `${served.host}/team/app@${digest}`, 'pulled'],
      ['delete', '--yes', `${served.host}/team/app@${digest}`],
    ]) {
      const { code, stderr } = await cli(words, { cwd });
      assert.ok(code === 2 || code === 5, `${words.join(' ')}: ${code} ${stderr}`);
      assert.match(stderr, /^error: [\x20-\x7e…]+ \((?:DIGEST|REFERENCE)_INVALID\)/m);
      assert.equal(stderr.trimEnd().split('\n').length, 1, stderr);
    }
  }
  assert.deepEqual([log, await readdir(cwd)], [[], []]);
});
