/** Packages that differ, as the files of their managers tell. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PackageChange } from '../../../src/image/diff/packages.ts';
import type { DiffOptions } from '../../../src/image/diff/diff-options.ts';
import { diffed, layer, type LayerOf } from '../../support/diffed.ts';
import { directory, file, hardLink, symlink, whiteout } from '../../support/layered.ts';

const dpkg = (packages: Readonly<Record<string, string>>): string =>
  Object.entries(packages)
    .map(
      ([name, version]) =>
        `Package: ${name}\nStatus: install ok installed\nVersion: ${version}\nDescription: x\n Version: 9\n`,
    )
    .join('\n');
const apk = (packages: Readonly<Record<string, string>>): string =>
  Object.entries(packages)
    .map(([name, version]) => `C:Q1xx\nP:${name}\nV:${version}\nA:x86_64\nF:usr\nR:bin\n`)
    .join('\n');
const npm = (name: string, version: string): string => JSON.stringify({ name, version });
const python = (name: string, version: string): string =>
  `Metadata-Version: 2.1\nName: ${name}\nVersion: ${version}\n\nVersion: 0\n`;

async function changes(
  before: readonly LayerOf[],
  after: readonly LayerOf[],
  options: DiffOptions = {},
): Promise<readonly string[]> {
  const { image } = await diffed({ layers: before }, { layers: after }, { sections: ['packages'], ...options });
  return (image.packages ?? []).map(lineOf);
}

function lineOf({ kind, manager, name, place, before, after, unsure }: PackageChange): string {
  const line = `${manager} ${name} ${before ?? '-'} ${after ?? '-'}${place === undefined ? '' : ` in ${place}`}`;
  return `${kind}${unsure === true ? '?' : ''} ${line}`;
}

describe('CAP-N3: packages of two images', () => {
  test('of Debian, and of distroless images', async () => {
    const before = file('var/lib/dpkg/status', dpkg({ curl: '7.1', gone: '1', same: '2' }));
    const after = file('var/lib/dpkg/status', dpkg({ curl: '7.2', new: '1:3-4', same: '2' }));
    assert.deepEqual(await changes([[before]], [[after]]), [
      'changed dpkg curl 7.1 7.2',
      'removed dpkg gone 1 -',
      'added dpkg new - 1:3-4',
    ]);
    const folder = 'var/lib/dpkg/status.d';
    assert.deepEqual(
      await changes(
        [[file(`${folder}/base`, 'Package: base-files\nVersion: 12\n'), file(`${folder}/base.md5sums`, 'a')]],
        [[file(`${folder}/bXl`, 'Package: base-files\nVersion: 13\n'), file(`${folder}/base.md5sums`, 'b')]],
      ),
      ['changed dpkg base-files 12 13'],
    );
  });

  test('of Debian that are configured only are not installed, and every architecture has its own', async () => {
    const text = `${dpkg({ a: '1' })}\nPackage: b\nStatus: deinstall ok config-files\nVersion: 1\n`;
    const two = ['amd64', 'i386'].map((name) => `Package: a\nArchitecture: ${name}\nVersion: 1\n`).join('\n');
    const status = (content: string) => [[file('var/lib/dpkg/status', content)]];
    assert.deepEqual(await changes(status(''), status(text)), ['added dpkg a - 1']);
    assert.deepEqual(await changes(status(text), status(two)), ['added dpkg a:i386 - 1']);
  });

  test('of Alpine, before and after its libraries moved', async () => {
    const before = [directory('lib/'), file('lib/apk/db/installed', apk({ musl: '1', zlib: '1' }))];
    const moved = [symlink('lib', 'usr/lib'), directory('usr/'), directory('usr/lib/')];
    const after = [...moved, file('usr/lib/apk/db/installed', apk({ musl: '2', zlib: '1' }))];
    assert.deepEqual(await changes([before], [after]), ['changed apk musl 1 2']);
  });

  test('of npm, each in its folder', async () => {
    const at = (path: string, name: string, version: string) => file(`${path}/package.json`, npm(name, version));
    const before = [
      at('app/node_modules/a', 'a', '1.0.0'),
      at('app/node_modules/a/node_modules/b', 'b', '1.0.0'),
      at('app/node_modules/@scope/c', '@scope/c', '1.0.0'),
    ];
    const after = [
      at('app/node_modules/a', 'a', '1.1.0'),
      at('app/node_modules/b', 'b', '2.0.0'),
      hardLink('app/node_modules/x/node_modules/b/package.json', 'app/node_modules/b/package.json'),
      at('app', 'app', '1.0.0'),
      at('app/node_modules/a/test', 'fixture', '1.0.0'),
      file('app/node_modules/broken/package.json', '{'),
      file('app/node_modules/strange/package.json', '{"name":["a"],"version":1}'),
    ];
    assert.deepEqual(await changes([before], [after]), [
      'removed npm @scope/c 1.0.0 - in app/node_modules/@scope/c',
      'changed npm a 1.0.0 1.1.0 in app/node_modules/a',
      'removed npm b 1.0.0 - in app/node_modules/a/node_modules/b',
      'added npm b - 2.0.0 in app/node_modules/b',
      'added npm b - 2.0.0 in app/node_modules/x/node_modules/b',
    ]);
  });

  test('of Python, however they were installed', async () => {
    const site = 'usr/lib/python3/site-packages';
    const before = [
      file(`${site}/Foo.Bar-1.0.dist-info/METADATA`, python('Foo.Bar', '1.0')),
      file(`${site}/six-1.0.egg-info/PKG-INFO`, python('six', '1.0')),
      file(`${site}/old-1.0.egg-info`, python('old', '1.0')),
    ];
    const after = [
      file(`${site}/foo_bar-2.0.dist-info/METADATA`, python('foo-bar', '2.0')),
      file(`${site}/six-1.0.dist-info/METADATA`, python('six', '1.0')),
    ];
    assert.deepEqual(await changes([before], [after]), [
      `changed python foo-bar 1.0 2.0 in ${site}`,
      `removed python old 1.0 - in ${site}`,
    ]);
  });
});

test('CAP-N3: a file too large to tell of packages tells of none, and is compared all the same', async () => {
  const padded = (version: string) => [file('var/lib/dpkg/status', dpkg({ curl: version }) + '\n'.repeat(17 << 20))];
  const { image } = await diffed({ layers: [padded('1')] }, { layers: [padded('2')] });
  assert.deepEqual([image.packages, image.files?.length], [[], 1]);
});

describe('CAP-N3: packages of images that share layers', () => {
  const status = (packages: Readonly<Record<string, string>>) => [file('var/lib/dpkg/status', dpkg(packages))];

  test('are read in a shared layer where only one image has written to the database, and from the highest layer that has it', async () => {
    const shared = [await layer(status({ curl: '0' })), await layer(status({ curl: '1' })), await layer([file('x')])];
    const before = { layers: [...shared, [file('app', '1')]] };
    const after = { layers: [...shared, [file('app', '2')], status({ curl: '1', git: '2' })] };
    const { image, asked } = await diffed(before, after, { sections: ['packages'] });
    assert.deepEqual(image.packages?.map(lineOf), ['added dpkg git - 2']);
    assert.deepEqual([...new Set(asked.filter((what) => what.startsWith('both')))], ['both 2', 'both 1']);
  });

  test('are the same, and unread, where no layer that differs touches a database', async () => {
    const shared = await layer(status({ curl: '1' }));
    const { image, asked } = await diffed(
      { layers: [shared, [file('app', '1')]] },
      { layers: [shared, [file('app', '2')]] },
    );
    assert.deepEqual(image.packages, []);
    assert.ok(!asked.includes('both 0'));
  });

  test('are gone with the database', async () => {
    const shared = await layer(status({ curl: '1' }));
    assert.deepEqual(await changes([shared], [shared, [whiteout('var')]]), ['removed dpkg curl 1 -']);
  });

  test('with a file each are as sure as the layers tell', async () => {
    const site = 'lib/site-packages';
    const shared = await layer([
      directory('lib/'),
      directory(`${site}/`),
      file(`${site}/six-1.0.dist-info/METADATA`, python('six', '1.0')),
      file('node_modules/a/package.json', npm('a', '1')),
      file('node_modules/b/package.json', npm('b', '1')),
    ]);
    const upper = [
      whiteout(`${site}/six-1.0.dist-info`),
      file(`${site}/six-2.0.dist-info/METADATA`, python('six', '2.0')),
      file('node_modules/a/package.json', npm('a', '2')),
      whiteout('node_modules/b'),
    ];
    assert.deepEqual(await changes([shared], [shared, upper]), [
      'added? npm a - 2 in node_modules/a',
      'removed? npm b - - in node_modules/b',
      `changed? python six 1.0 2.0 in ${site}`,
    ]);
    assert.deepEqual(await changes([shared], [shared, upper], { exact: true }), [
      'changed npm a 1 2 in node_modules/a',
      'removed npm b 1 - in node_modules/b',
      `changed python six 1.0 2.0 in ${site}`,
    ]);
  });
});
