/** Archives of `docker save`: the dialects of the tools that write them, and what nobody writes. */
import { gzipSync } from 'node:zlib';
import { digestHex } from '../src/model/digest.ts';
import {
  archiveBytes,
  dialects,
  imageParts,
  json,
  plainFiles,
  savedFiles,
  type SavedFiles,
} from '../test/support/saved-archives.ts';
import type { Corpus, Kept } from './target.ts';

export async function savedArchives(): Promise<Corpus> {
  const parts = await imageParts(['one', 'two'], 'app:1');
  const other = await imageParts(['one'], 'app:2', 'app:3');
  const nameless = await imageParts(['one', 'one']);
  const paths = parts.layers.map(({ diffId }) => `blobs/sha256/${digestHex(diffId)}`);
  const good = { Config: `blobs/sha256/${digestHex(parts.configDigest)}`, RepoTags: ['app:1'], Layers: paths };
  const listing = (...items: readonly unknown[]): SavedFiles => ({
    ...plainFiles(parts),
    'manifest.json': json(items),
  });
  const raw = (text: string): SavedFiles => ({ ...plainFiles(parts), 'manifest.json': text });
  const replaced = (path: string, by: SavedFiles[string]): SavedFiles => ({ ...plainFiles(parts), [path]: by });
  const benign: Record<string, SavedFiles> = {
    'no tags': listing({ ...good, RepoTags: null }),
    'no images': listing(),
  };
  for (const [name, dialect] of Object.entries(dialects)) {
    benign[name] = savedFiles(dialect, parts);
    benign[`${name}, two images`] = savedFiles(dialect, parts, other);
    benign[`${name}, without names`] = savedFiles(dialect, nameless);
  }
  const [first = '', second = ''] = paths;
  const hostile: Record<string, SavedFiles> = {
    ...Object.fromEntries(
      ['../../etc/passwd', '/etc/passwd', 'a/../../x', '', '.', 'C:\\x', 'x\0y', '__proto__', 'x'.repeat(5000)].flatMap(
        (path) => [
          [`the config at ${path.slice(0, 20)}`, listing({ ...good, Config: path })],
          [`a layer at ${path.slice(0, 20)}`, listing({ ...good, Layers: [path, second] })],
        ],
      ),
    ),
    'too few layers': listing({ ...good, Layers: [first] }),
    'too many layers': listing({ ...good, Layers: [first, second, first] }),
    'layers changed round': replaced(first, gzipSync('other')),
    'a layer cut': replaced(first, gzipSync(parts.layers[0]?.plain ?? '').subarray(0, 40)),
    'a config that is no JSON': replaced(good.Config, '{'),
    'a diff id that is a path': replaced(good.Config, '{"rootfs":{"diff_ids":["../x","y"]}}'),
    'a link to itself': { ...listing({ ...good, Config: 'c' }), c: { type: 'symlink', linkname: 'c' } },
    'a link out': { ...listing({ ...good, Config: 'c' }), c: { type: 'symlink', linkname: '../../etc/passwd' } },
    'a fifo': { ...listing({ ...good, Config: 'c' }), c: { type: 'fifo' } },
    null: raw('null'),
    'an object': raw('{}'),
    'no JSON': raw('[{'),
    'a key twice': raw('[{"Config":"a","Config":"b","Layers":[]}]'),
    'a key in another case': raw('[{"Config":"a","config":"b","Layers":[]}]'),
    'a name that is none': listing({ ...good, RepoTags: ['Not A Name'] }),
    'layers that are numbers': listing({ ...good, Layers: [1, 2] }),
    'deep JSON': raw('['.repeat(5000)),
  };
  return { benign: await archives(benign), hostile: await archives(hostile) };
}

function archives(files: Readonly<Record<string, SavedFiles>>): Promise<Kept[]> {
  const all = Object.entries(files).map(async ([name, one]) => ({ name, bytes: await archiveBytes(one) }));
  return Promise.all(all);
}
