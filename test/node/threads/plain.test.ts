/** Where no thread is used: because somebody wants to see the bytes, because there is none, or because it is not worth it. */
import assert from 'node:assert/strict';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fetchTransport } from '../../../src/http/fetch-transport.ts';
import type { Middleware } from '../../../src/http/types.ts';
import { parseDigest } from '../../../src/model/digest.ts';
import { directoryStore } from '../../../src/node/directory/directory.ts';
import { fsError } from '../../../src/node/files/fs-errors.ts';
import { ThreadFailure } from '../../../src/node/threads/threads.ts';
import { beginTransfer, causeOf, threadTransfer } from '../../../src/node/threads/transfers.ts';
import { contentFrom } from '../../../src/store/content.ts';
import { failure, rejection } from '../../support/failure.ts';
import { startOrigin } from '../../support/http-origin.ts';
import { startProxy } from '../../support/http-proxy.ts';
import { blobReads, largeBlob, MIB, nodeClient, pullFrom, pullWorld, sendBlob } from '../../support/large-blobs.ts';
import { scratch } from '../../support/layouts.ts';
import { pullProgram } from '../../support/pull-program.ts';
import { startUploads } from '../../support/upload-origin.ts';

const blob = largeBlob('plain');
const other = largeBlob('plain, too', 4 * MIB);
const small = largeBlob('small', 4 * MIB - 1);
const patience = { timeout: 60_000 };
const all = [blob, other, small];

const serve: Parameters<typeof pullWorld>[1] = (request, response) => {
  const wanted = all.find(({ descriptor }) => request.url?.includes(descriptor.digest) === true);
  sendBlob(request, response, wanted?.bytes ?? Buffer.alloc(0));
};

describe('this thread reads it', () => {
  test('what is smaller than a thread is worth', patience, async (t) => {
    const world = await pullWorld(t, serve);
    await world.pull(small);
    assert.ok((await world.kept(small))?.equals(small.bytes));
    assert.deepEqual(world.here, [`GET /v2/team/app/blobs/${small.descriptor.digest}`]);
  });

  test('what somebody wants to see pass by', patience, async (t) => {
    let seen = 0;
    const middleware: Middleware = (next) => async (request) => {
      const response = await next(request);
      async function* body(): AsyncGenerator<Uint8Array> {
        for await (const chunk of response.body) {
          seen += chunk.length;
          yield chunk;
        }
      }
      return { ...response, body: body() };
    };
    const world = await pullWorld(t, serve, { client: { middleware: [middleware] } });
    await world.pull(blob);
    assert.ok((await world.kept(blob))?.equals(blob.bytes));
    assert.ok(seen >= blob.bytes.length);
    assert.equal(world.here.length, world.gets().length);
  });

  test('what comes through a proxy', patience, async (t) => {
    await using proxy = await startProxy();
    const world = await pullWorld(t, serve, { proxy: proxy.url });
    assert.equal(world.repository.blob(blob.descriptor).pour, undefined, 'no thread is begun for it');
    await world.pull(blob);
    assert.ok((await world.kept(blob))?.equals(blob.bytes));
    await world.pull(other);
    assert.ok((await world.kept(other))?.equals(other.bytes));
    const asked = [blob, other].map(({ descriptor }) => `GET /v2/team/app/blobs/${descriptor.digest}`);
    assert.deepEqual(
      world.gets().map(({ method, path }) => `${method} ${path}`),
      asked,
      'each is asked for once',
    );
    assert.deepEqual(
      proxy.asked,
      asked.map((line) => line.replace('/', `${world.origin.url}/`)),
      'nothing goes past the proxy',
    );
  });

  test('but not what a mirror has that is reached without the proxy of its registry', patience, async (t) => {
    await using proxy = await startProxy();
    const before = process.env.http_proxy;
    process.env.http_proxy = proxy.url;
    t.after(() => {
      if (before === undefined) delete process.env.http_proxy;
      else process.env.http_proxy = before;
    });
    const mirror = await startOrigin(serve);
    t.after(() => mirror[Symbol.asyncDispose]());
    const hosts = { 'reg.test': { plainHttp: true, mirrors: [mirror.url] } };
    const world = await pullFrom(t, 'reg.test', { proxy: undefined, client: { hosts } });
    await world.pull(blob);
    assert.ok((await world.kept(blob))?.equals(blob.bytes));
    assert.deepEqual([blobReads(mirror).length, world.here, proxy.asked], [1, [], []]);
  });

  test('what goes through a proxy', patience, async (t) => {
    await using proxy = await startProxy();
    const uploads = await startUploads(t);
    const store = directoryStore(join(await scratch(t), 'layout'));
    await store.putBlob(contentFrom(blob.bytes));
    const repository = nodeClient(t, { proxy: proxy.url }).repository(`${uploads.host}/team/app`);
    assert.equal(await repository.putBlob(store.blob(blob.descriptor)), 'written');
    assert.ok(uploads.blobs.get(blob.descriptor.digest)?.equals(blob.bytes));
    assert.deepEqual([uploads.count('POST'), uploads.puts.length], [1, 1]);
    assert.equal(proxy.asked.length, uploads.origin.requests.length);
  });

  test('what another transport brings', patience, async (t) => {
    const world = await pullWorld(t, serve, { client: { transport: fetchTransport() } });
    await world.pull(blob);
    assert.ok((await world.kept(blob))?.equals(blob.bytes));
    const before = world.gets().length;
    await world.pull(other);
    assert.ok((await world.kept(other))?.equals(other.bytes));
    assert.equal(world.gets().length, before + 1);
  });
});

describe('a program in one file', () => {
  for (const format of ['esm', 'cjs'] as const) {
    test(`pulls a large blob without a thread: ${format}`, patience, async (t) => {
      const world = await pullWorld(t, serve);
      const program = await pullProgram(t, format, { thread: false });
      const directory = join(world.directory, 'other');
      const { said, code } = await program.run(new URL(world.origin.url).host, directory, blob.descriptor);
      assert.match(said, /^written [1-9]$/);
      assert.equal(code, 0);
      const kept = await readFile(join(directory, 'blobs', blob.descriptor.digest.replace(':', '/')));
      assert.ok(kept.equals(blob.bytes));
    });
  }
});

describe('a transfer', () => {
  const cargo = { digest: parseDigest(blob.descriptor.digest), size: blob.bytes.length };

  test('into a full disk fails as such, and goes no further', patience, async (t) => {
    await using source = await open(join(await scratch(t), 'source'), 'w+');
    await source.write(blob.bytes);
    await using full = await open('/dev/full', 'r+');
    const transfer = await beginTransfer({ kind: 'file', fd: full.fd, path: '/dev/full' }, cargo);
    assert.ok(transfer !== undefined);
    try {
      const error = await transfer.moveFile(source.fd, blob.bytes.length).catch((reason: unknown) => reason);
      assert.ok(error instanceof ThreadFailure);
      assert.deepEqual([error.failure.where, error.failure.code], ['file', 'ENOSPC']);
      failure('DISK_FULL', () => {
        throw fsError(causeOf(error), 'write /dev/full');
      });
      assert.ok(transfer.received < blob.bytes.length);
    } finally {
      await transfer.close();
    }
  });

  test('that was ended says so, whatever it is asked', patience, async (t) => {
    await using file = await open(join(await scratch(t), 'file'), 'w+');
    const transfer = await beginTransfer({ kind: 'file', fd: file.fd, path: 'file' }, cargo);
    assert.ok(transfer !== undefined);
    await transfer.close();
    const alive = setInterval(() => undefined, 1000); // its thread no longer keeps us so
    try {
      await rejection('ABORTED', transfer.finish());
    } finally {
      clearInterval(alive);
    }
  });

  test('of somebody else is none of ours', () => {
    assert.equal(threadTransfer({ received: 0, finish: async () => cargo.digest }), undefined);
  });
});
