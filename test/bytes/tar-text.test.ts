import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { assert as check, property, string, uint8Array } from 'fast-check';
import { fromArray, readAll } from '../../src/bytes/read.ts';
import { bytesOfText, holdsBytes, isTextOfBytes, paxRecords, textOf } from '../../src/bytes/tar-text.ts';
import { readTar, type TarFile, type TarHeader, writeTar } from '../../src/bytes/tar.ts';
import { temporaryDirectory } from '../support/real/temporary.ts';

const listed = async (bytes: Uint8Array): Promise<TarHeader[]> => {
  const found: TarHeader[] = [];
  for await (const { body: _, ...header } of readTar(fromArray(bytes))) found.push(header);
  return found;
};
const archive = (...files: readonly TarFile[]): Promise<Uint8Array> => readAll(writeTar(files), 1 << 20, 'archive');

test('any bytes are text, and the text is these bytes', () => {
  check(
    property(uint8Array({ maxLength: 40 }), (bytes) => {
      assert.deepEqual(bytesOfText(textOf(bytes)), bytes);
    }),
  );
  check(
    property(string({ unit: 'grapheme' }), (text) => {
      assert.equal(textOf(bytesOfText(text)), text);
    }),
  );
  assert.equal(textOf(new Uint8Array([0x61, 0x80, 0xc3, 0xbc])), 'a\udc80ü');
});

test('half a character stands for a byte that is no ASCII, or for none', () => {
  const bytes = (text: string): string => Buffer.from(bytesOfText(text)).toString('latin1');
  assert.equal(bytes('a\udc80\udcff'), 'a\x80\xff');
  for (const text of ['\udc2e\udc2e\udc2fx', 'a\udc00b', '\udc7f', '\udd2f', '\ud800', '\udfff']) {
    assert.match(bytes(text), /^[\x80-\xffabx]+$/, JSON.stringify(text));
    assert.deepEqual([holdsBytes(text), isTextOfBytes(text)], [false, false]);
  }
  assert.equal(isTextOfBytes('\udcc3\udcbc'), false, 'ü is its text');
  for (const text of ['', 'grüße 🎉', 'gr\udcfc\udcdfe', '\udcc3']) assert.equal(isTextOfBytes(text), true);
});

test('attributes that are no text are kept, byte for byte', async () => {
  // What "setcap cap_setuid=ep" writes: newuidmap has it in many images.
  const capability = new Uint8Array([1, 0, 0, 2, 0x80, 0, 0, 0, 0, 0, 0, 0, 0xff, 0, 0, 0, 0xc3, 0xbc, 0xed, 0xb2]);
  const key = 'SCHILY.xattr.security.capability';
  const file: TarFile = { name: 'usr/bin/newuidmap', pax: { [key]: textOf(capability), 'SCHILY.xattr.user.a': 'ü' } };
  const bytes = await archive(file, { name: 'next' });
  assert.ok(Buffer.from(bytes).includes(Buffer.from(paxRecords({ [key]: textOf(capability) }))), 'raw in the archive');
  const [first, next] = await listed(bytes);
  assert.deepEqual(bytesOfText(first?.pax?.[key] ?? ''), capability);
  assert.equal(first?.pax?.['SCHILY.xattr.user.a'], 'ü');
  assert.equal(first?.name, 'usr/bin/newuidmap');
  assert.equal(next?.pax, undefined);
  assert.deepEqual(await archive({ ...first, name: 'usr/bin/newuidmap' }, { name: 'next' }), bytes);
});

test('names in old encodings are kept, in every format of tar(1)', async (t) => {
  const { path, remove } = await temporaryDirectory('tar-text');
  t.after(remove);
  const latin = Buffer.concat([Buffer.from(`${path}/in/`), Buffer.from([0x67, 0x72, 0xfc, 0xdf, 0x65])]);
  const long = Buffer.concat([latin, Buffer.from('x'.repeat(150))]);
  await mkdir(join(path, 'in'));
  for (const name of [latin, long]) await writeFile(name, 'content');
  for (const format of ['gnu', 'pax']) {
    const bytes = execFileSync('tar', ['-C', join(path, 'in'), `--format=${format}`, '--sort=name', '-c', '.']);
    const found = await listed(bytes);
    const names = found.slice(1).map(({ name }) => Buffer.from(bytesOfText(name)).toString('latin1'));
    assert.deepEqual(names, ['./grüße', `./grüße${'x'.repeat(150)}`], format);
    const again = await archive(...found.map((header) => ({ ...header, size: 0 })));
    const listing = execFileSync('tar', ['--quoting-style=literal', '-t'], { input: again, env: { LC_ALL: 'C' } });
    assert.equal(listing.toString('latin1'), `./\n./grüße\n./grüße${'x'.repeat(150)}\n`, format);
  }
});

test('a file that nobody may touch stays so', async () => {
  const [shadow] = await listed(await archive({ name: 'etc/shadow', mode: 0 }));
  assert.equal(shadow?.mode, 0);
});
