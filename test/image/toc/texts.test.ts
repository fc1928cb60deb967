/** Names in tables of contents that are not those of the archive: the layer tells them itself. */
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { extract } from '../../../src/node/extract/extract.ts';
import { canary } from '../../support/canary.ts';
import { directory, file, symlink, textOf, tree } from '../../support/layered.ts';
import { filesBelow } from '../../support/layouts.ts';
import { lazyWorld } from '../../support/lazy-world.ts';
import { type TableEntry, type TocKind, tocLayer } from '../../support/toc-layers.ts';

const latin = 'gr\udcfc\udcdfe';
const files = [directory('d/'), file('d/a', 'a'), file(latin, 'hello'), symlink('l', latin)];

/** As Go writes them: what is no UTF-8 is lost. */
const byGo = (entries: TableEntry[]): unknown =>
  JSON.parse(JSON.stringify(entries).replaceAll(/\\udc../g, '\ufffd')) as unknown;
const with_ =
  (name: string, more: TableEntry) =>
  (entries: TableEntry[]): unknown =>
    entries.map((entry) => (entry.name === name ? { ...entry, ...more } : entry));

for (const kind of ['estargz', 'zstd:chunked'] satisfies TocKind[]) {
  describe(`${kind}: names that are no UTF-8`, () => {
    const own = kind === 'estargz' ? ['stargz.index.json'] : [];
    const names = ['d/', 'd/a', latin, `l -> ${latin}`, ...own];
    const read = async (change?: (entries: TableEntry[]) => unknown) => {
      const { files: open, asked } = await lazyWorld([await tocLayer(kind, files, { change })]);
      const found = await tree(open());
      assert.equal(await textOf(open().read(latin)), 'hello');
      return { found, isWhole: asked().some(({ range }) => range === undefined) };
    };

    test('are those of the table, where it has them', async () => {
      assert.deepEqual(await read(), { found: names.toSorted(), isWhole: false });
    });

    test('are those of the layer, where the table has lost them', async () => {
      assert.deepEqual(await read(byGo), { found: names.toSorted(), isWhole: true });
    });

    const lost: Readonly<Record<string, TableEntry>> = {
      'a target of a link': { type: 'symlink', linkName: '\ufffd', size: 0 },
      'the name of an owner': { userName: '\ufffd' },
      'the name of an attribute': { xattrs: { 'user.\ufffd': '' } },
    };
    for (const [what, more] of Object.entries(lost)) {
      test(`${what} that the table has lost is that of the layer`, async () => {
        assert.deepEqual(await read(with_('d/a', more)), { found: names.toSorted(), isWhole: true });
      });
    }
  });

  describe(`${kind}: names with half a character`, () => {
    /** What is in the table is not in the layer: what comes of it is the layer, inside the directory. */
    const extracted = async (t: TestContext, name: string): Promise<string[]> => {
      const { target, assertUnharmed } = await canary(t);
      const change = with_('d/a', { name });
      const { files: open } = await lazyWorld([await tocLayer(kind, [file('d/a', 'a')], { change })]);
      await extract(open(), '', target);
      await assertUnharmed(JSON.stringify(name));
      return (await filesBelow(target)).filter((path) => path !== 'stargz.index.json');
    };
    const names = {
      '../x': '\udc2e\udc2e\udc2fx',
      '../x, of two names': '\udc2e\udc2e/x',
      'a/../../x': 'a\udc2f..\udc2f..\udc2fx',
      'a name with a NUL': 'a\udc00b',
      'ü in two bytes': '\udcc3\udcbc',
      'the first half of a pair': 'a\ud800',
      'the second half of a pair': 'a\udfff',
    };
    for (const [what, name] of Object.entries(names)) {
      test(`${what}: nothing leads out, and the layer tells the name`, async (t) => {
        assert.deepEqual(await extracted(t, name), ['d/a']);
      });
    }
  });
}
