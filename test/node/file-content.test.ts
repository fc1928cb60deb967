import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { appendFile, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { test, type TestContext } from 'node:test';
import { digestOf } from '../../src/bytes/hash.ts';
import { drain, readAll } from '../../src/bytes/read.ts';
import { fileContent, openContent } from '../../src/node/files/file-content.ts';
import type { Content } from '../../src/store/types.ts';
import { seededBytes } from '../../src/testing/fixtures.ts';
import { rejection } from '../support/failure.ts';
import { scratch } from '../support/layouts.ts';

const bytes = seededBytes(700_000, 'file');
const read = async (content: Content, window = {}): Promise<Uint8Array> =>
  new Uint8Array(await readAll(content.open(window), 1e6, 'file'));

async function file(t: TestContext, content: Uint8Array = bytes): Promise<string> {
  const path = join(await scratch(t, 'content'), 'file');
  await writeFile(path, content);
  return path;
}

test('CAP-F2: a file is content that opens as often as asked, and anywhere', async (t) => {
  const content = await fileContent(await file(t), { mediaType: 'text/plain', annotations: { a: 'b' } });
  assert.deepEqual(content.descriptor, {
    mediaType: 'text/plain',
    digest: digestOf(bytes),
    size: bytes.length,
    annotations: { a: 'b' },
  });
  for (let times = 0; times < 2; times++) assert.deepEqual(await read(content), bytes);
  const [one, other] = await Promise.all([read(content), read(content, { start: 600_000, end: 600_010 })]);
  assert.deepEqual(one, bytes);
  assert.deepEqual(other, bytes.subarray(600_000, 600_010));
  const empty = await fileContent(await file(t, new Uint8Array(0)), { algorithm: 'sha512' });
  assert.equal(empty.descriptor.digest, digestOf(new Uint8Array(0), 'sha512'));
  assert.deepEqual(await read(empty), new Uint8Array(0));
});

test('a file that has changed is not what it was: no wrong byte gets through', async (t) => {
  const path = await file(t);
  const content = await fileContent(path);
  await appendFile(path, 'more');
  assert.deepEqual(await read(content), bytes, 'what was read the first time is still there');
  await writeFile(path, bytes.toReversed());
  const error = await rejection('DIGEST_MISMATCH', drain(content.open()));
  assert.match(error.message, /from .*file has the wrong bytes/);
  await writeFile(path, bytes.subarray(1));
  await rejection('SIZE_MISMATCH', drain(content.open()));
  await rm(path);
  await rejection('IO', drain(content.open()));
});

test('what is no file is told', async (t) => {
  const folder = await scratch(t, 'content');
  await mkdir(join(folder, 'directory'));
  await symlink('nowhere', join(folder, 'dangling'));
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  await rejection('NOT_FOUND', fileContent(join(folder, 'absent')));
  await rejection('NOT_FOUND', fileContent(join(folder, 'dangling')));
  await rejection('USAGE', fileContent(join(folder, 'directory')));
  await rejection('USAGE', fileContent(join(folder, 'pipe')));
});

test('a pipe and standard input are spooled, and re-open all the same', async (t) => {
  const folder = await scratch(t, 'content');
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const opening = openContent(pipe, { mediaType: 'text/plain', annotations: { a: 'b' } });
  createWriteStream(pipe).end(bytes);
  const input = Readable.from([Buffer.from(bytes)]);
  for (const opened of [await opening, await openContent('-', { input, annotations: { a: 'b' } })]) {
    const { content } = opened;
    assert.equal(content.descriptor.digest, digestOf(bytes));
    assert.deepEqual(content.descriptor.annotations, { a: 'b' });
    for (let times = 0; times < 2; times++) assert.deepEqual(await read(content), bytes);
    await opened.close();
  }
});

test('reading stops when it is told to', async (t) => {
  const path = await file(t);
  const ended = AbortSignal.abort();
  await rejection('ABORTED', fileContent(path, { signal: ended }));
  const content = await fileContent(path);
  await rejection('ABORTED', drain(content.open({ signal: ended })));
});
