/** A damaged layout or archive on disk: it is not pushed, not copied and not valid, and no registry gets the blob or the tag. */
import assert from 'node:assert/strict';
import { createReadStream } from 'node:fs';
import { cp, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { writeTar } from '../../src/bytes/tar.ts';
import { flipByte } from '../../src/testing/faults.ts';
import { only, requestTo, type Wrap } from '../../src/testing/wrap.ts';
import { type CommandResult, command, succeed } from '../support/command.ts';
import { type DamagedRegistry, type Part, parts, startDamagedRegistry } from '../support/damaged-registry.ts';
import { filesBelow } from '../support/layouts.ts';
import { type LoggedRegistry, startLoggedRegistry } from '../support/logged-registry.ts';
import { assertNotThere, assertRefused } from '../support/refusal.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/real/temporary.ts';

/** What has become of a file. */
const damages = {
  'a wrong byte': async (file: string): Promise<void> => {
    const bytes = await readFile(file);
    bytes[100] = (bytes[100] ?? 0) ^ 0xff;
    await writeFile(file, bytes);
  },
  'its end missing': async (file: string): Promise<void> => truncate(file, (await stat(file)).size - 10),
} as const;
type Damage = keyof typeof damages;

let source: DamagedRegistry;
let target: LoggedRegistry;
let work: TemporaryDirectory;

before(async () => {
  source = await startDamagedRegistry();
  target = await startLoggedRegistry();
  work = await temporaryDirectory('damaged');
  await succeed(['pull', source.reference, 'whole'], { cwd: work.path });
});
after(async () => {
  await Promise.all([source?.close(), target?.close()]);
  await work?.remove();
});

const lading = (...args: readonly string[]): Promise<CommandResult> => command(args, { cwd: work.path });
const blobFile = (part: Part): string => join('blobs', source.digests[part].replace(':', '/'));

/** A copy of the layout in which one file is damaged, and the same as an archive; their names. */
async function damagedLayout(part: Part, damage: Damage): Promise<{ directory: string; archive: string }> {
  const directory = `${part}-${damage.replaceAll(' ', '-')}`;
  const path = join(work.path, directory);
  await cp(join(work.path, 'whole'), path, { recursive: true });
  await damages[damage](join(path, blobFile(part)));
  const files = await Promise.all(
    (await filesBelow(path)).map(async (name) => {
      const { size } = await stat(join(path, name));
      return { name, size, body: createReadStream(join(path, name)) };
    }),
  );
  await writeFile(`${path}.tar`, writeTar(files));
  return { directory, archive: `${directory}.tar` };
}

for (const damage of Object.keys(damages) as Damage[]) {
  for (const part of parts) {
    const code = damage === 'a wrong byte' ? /\(DIGEST_MISMATCH\)/ : /\((SIZE|DIGEST)_MISMATCH\)/;

    test(`${damage} in the ${part}: neither the layout nor its archive is pushed`, async () => {
      const { directory, archive } = await damagedLayout(part, damage);
      for (const from of [`oci:${directory}:1`, `oci-archive:${archive}:1`]) {
        const name = from.replace(/[:.]/g, '/').toLowerCase();
        assertRefused(await lading('push', from, `${target.host}/${name}:1`), code, source.digests[part]);
        await assertNotThere(target, name, source.digests.index, source.digests[part]);
      }
    });

    test(`${damage} in the ${part}: it is not copied to another layout or archive`, async () => {
      const { directory } = await damagedLayout(part, damage);
      const [copied, archive] = [`${directory}-copied`, `${directory}-copied.tar`];
      assertRefused(await lading('copy', `oci:${directory}:1`, `oci:${copied}:1`), code, source.digests[part]);
      const files = await filesBelow(join(work.path, copied)).catch((): string[] => []);
      assert.ok(!files.includes(blobFile(part)), files.join());
      assertRefused(await lading('copy', `oci:${directory}:1`, `oci-archive:${archive}:1`), code, source.digests[part]);
      assert.ok(!(await readdir(work.path)).some((file) => file.startsWith(archive)));
    });

    test(`${damage} in the ${part}: validate says so`, async () => {
      const { directory, archive } = await damagedLayout(part, damage);
      for (const image of [`oci:${directory}:1`, `oci-archive:${archive}:1`]) {
        const result = await lading('validate', image);
        assert.equal(result.code, 5, result.stderr);
        assert.match(result.stdout + result.stderr, code);
        assert.ok((result.stdout + result.stderr).includes(source.digests[part]));
      }
    });
  }
}

test('a blob that was damaged on its way up is refused by the registry, and the command says why', async (t) => {
  const server = await startLoggedRegistry({ wrap: only(damagedUpload(), { matches: requestTo('upload', 'PUT') }) });
  t.after(() => server.close());
  const result = await lading('push', 'oci:whole:1', `${server.host}/team/app:1`);
  assert.match(result.stderr, /\(DIGEST_MISMATCH\)/);
  assert.equal(result.code, 5);
  assert.equal(await server.registry.repository('team/app').resolve('1'), undefined);
});

/** One byte of the request's body is another one. */
function damagedUpload(): Wrap {
  return (handler) => async (request, info) => {
    const { method, headers, signal, url } = request;
    const wrong = await flipByte(10)(async () => new Response(request.body))(request, info);
    return handler(new Request(url, { method, headers, signal, body: wrong.body, duplex: 'half' }), info);
  };
}
