import assert from 'node:assert/strict';
import { rename, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { digestOf } from '../../src/bytes/hash.ts';
import { readAll } from '../../src/bytes/read.ts';
import { contentOfFile } from '../../src/cli/places/file-content.ts';
import type { Session } from '../../src/cli/session.ts';
import { readLayer } from '../../src/node/tar/layer-archive.ts';
import { openContent } from '../../src/node/files/file-content.ts';
import { openTarLayout } from '../../src/node/tar/tar-file.ts';
import { seededBytes } from '../../src/testing/fixtures.ts';
import { rejection } from '../support/failure.ts';
import { scratch } from '../support/layouts.ts';

const bytes = seededBytes(700_000, 'input');

/** As much of a session as reading a file takes. */
function session(signal: AbortSignal): Session {
  return { context: { cwd: process.cwd() }, call: { signal }, defer: () => {} } as unknown as Session;
}

describe('a file that is named', () => {
  test('is hashed until the signal ends it', async (t) => {
    const file = join(await scratch(t), 'blob');
    await writeFile(file, bytes);
    await rejection('ABORTED', contentOfFile(session(AbortSignal.abort()), file));
    await rejection('ABORTED', readLayer(file, { signal: AbortSignal.abort() }));
  });

  test('is the one that was hashed, whatever has taken its name since', async (t) => {
    const folder = await scratch(t);
    await writeFile(join(folder, 'blob'), bytes);
    await writeFile(join(folder, 'other'), 'another one');
    const closers: (() => unknown)[] = [];
    const keeping = { ...session(AbortSignal.any([])), defer: (close: () => unknown) => void closers.push(close) };
    const content = await contentOfFile(keeping, join(folder, 'blob'));
    await rename(join(folder, 'other'), join(folder, 'blob'));
    assert.equal(content.descriptor.digest, digestOf(bytes));
    assert.deepEqual(await readAll(content.open(), bytes.length, 'blob'), new Uint8Array(bytes));
    for (const close of closers) await close();
    assert.equal(closers.length, 1);
  });

  test('is an error of ours when it cannot be opened', { skip: process.platform === 'win32' }, async (t) => {
    const folder = await scratch(t);
    const socket = join(folder, 'socket');
    const server = createServer().listen(socket);
    t.after(() => server.close());
    for (const open of [openTarLayout, readLayer, openContent]) {
      assert.match((await rejection('IO', open(socket))).message, /^cannot read .*socket: E[A-Z]+$/);
    }
    await rejection('NOT_FOUND', openContent(join(folder, 'nothing')));
    await rejection('USAGE', openContent(folder));
    await rejection('NOT_FOUND', readLayer(join(folder, 'nothing')));
    await rejection('NOT_FOUND', openTarLayout(join(folder, 'nothing')));
  });
});
