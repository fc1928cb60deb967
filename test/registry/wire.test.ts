/** The same over real sockets, where connections break as they do. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { digestOf } from '../../src/bytes/hash.ts';
import { drain, readAll } from '../../src/bytes/read.ts';
import { copy } from '../../src/graph/copy.ts';
import { fetchTransport } from '../../src/http/fetch-transport.ts';
import { contentFrom, contentOf } from '../../src/store/content.ts';
import * as faults from '../../src/testing/faults.ts';
import { putImage, putIndex, seededBytes, seededContent } from '../../src/testing/fixtures.ts';
import * as quirks from '../../src/testing/quirks.ts';
import { testStore } from '../../src/testing/store-contract.ts';
import { only, requestTo, type Wrap } from '../../src/testing/wrap.ts';
import { rejection } from '../support/failure.ts';
import { type ServedRegistry, servedRegistry } from '../support/served-registry.ts';

const MiB = 1024 * 1024;
const gets = requestTo('blob', 'GET');

testStore('a registry behind a socket', async () => {
  const { repository, close } = await servedRegistry();
  return { store: repository, close };
});

testStore('a registry behind a socket, by fetch', async () => {
  const { repository, close } = await servedRegistry([], { transport: fetchTransport() });
  return { store: repository, close };
});

async function using(wraps: readonly Wrap[], work: (served: ServedRegistry) => Promise<void>): Promise<void> {
  const served = await servedRegistry(wraps);
  try {
    await work(served);
  } finally {
    await served.close();
  }
}

describe('a download over a socket', () => {
  const content = seededContent(16 * MiB, 'wire');
  const { descriptor } = content;

  test('survives ten resets, and reads hardly a byte twice', async () => {
    const resets = Array.from({ length: 10 }, (_, at) =>
      only(faults.cutBody(700_000 + at * 131_071), { matches: gets, after: at, times: 1 }),
    );
    await using(resets, async ({ repository, registry, log }) => {
      await registry.repository('team/app').putBlob(content);
      const bytes = await readAll(repository.blob(descriptor).open(), descriptor.size, 'blob');
      assert.equal(digestOf(bytes), descriptor.digest);
      assert.equal(log.length, 11);
      const starts = log.slice(1).map(({ headers }) => Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1]));
      assert.ok(starts.every((start, at) => start > (starts[at - 1] ?? 0)));
    });
  });

  test('notices an end that only looks like one', async () => {
    const early = only(faults.closeDelimited(), { matches: gets });
    const cut = only(faults.cutBody(5 * MiB, 'end'), { matches: gets, times: 1 });
    await using([early, cut], async ({ repository, registry, log }) => {
      await registry.repository('team/app').putBlob(content);
      await drain(repository.blob(descriptor).open());
      assert.equal(log.length, 2);
    });
  });

  test('leaves a body without an end', async () => {
    await using([only(faults.endlessBody(), { matches: gets })], async ({ repository, registry, log }) => {
      const small = contentFrom(seededBytes(1000, 'small'));
      await registry.repository('team/app').putBlob(small);
      await rejection('SIZE_MISMATCH', drain(repository.blob(small.descriptor).open()));
      assert.equal(log.length, 1);
    });
  });

  test('ends with its caller', async () => {
    await using([only(faults.stallBody(MiB), { matches: gets })], async ({ repository, registry }) => {
      await registry.repository('team/app').putBlob(content);
      const controller = new AbortController();
      const reading = (async () => {
        let read = 0;
        for await (const chunk of repository.blob(descriptor).open({ signal: controller.signal })) {
          read += chunk.length;
          if (read > MiB / 2) setImmediate(() => controller.abort());
        }
      })();
      await rejection('ABORTED', reading);
    });
  });
});

describe('an upload over a socket', () => {
  const content = seededContent(4 * MiB, 'upload');
  const { digest } = content.descriptor;
  const puts = requestTo('upload', 'PUT');

  test('goes on after resets, before and after the registry has done its work', async () => {
    for (const fault of [faults.cutBeforeAnswer(), faults.cutAfterWork(), faults.cutRequest(MiB)]) {
      await using([only(fault, { matches: puts, times: 1 })], async ({ repository, registry }) => {
        assert.equal(await repository.putBlob(content), 'written');
        assert.equal((await registry.repository('team/app').stat(digest))?.size, 4 * MiB);
      });
    }
  });

  test('in chunks goes on after resets', async () => {
    const patches = requestTo('upload', 'PATCH');
    for (const fault of [faults.cutBeforeAnswer(), faults.cutAfterWork(), faults.cutRequest(MiB / 2)]) {
      const served = await servedRegistry([only(fault, { matches: patches, after: 1, times: 1 })], { chunkSize: MiB });
      try {
        assert.equal(await served.repository.putBlob(content), 'written');
        assert.equal((await served.registry.repository('team/app').stat(digest))?.size, 4 * MiB);
      } finally {
        await served.close();
      }
    }
  });

  test('of wrong bytes leaves nothing behind', async () => {
    await using([], async ({ repository, registry }) => {
      const wrong = contentOf(content.descriptor, () => seededContent(4 * MiB, 'other').open());
      await rejection('DIGEST_MISMATCH', repository.putBlob(wrong));
      assert.equal(await registry.repository('team/app').stat(digest), undefined);
    });
  });

  test('says what went wrong when a registry answers before it has read it all', async () => {
    await using([only(faults.answerWith(403), { matches: puts })], async ({ repository }) => {
      await rejection('DENIED', repository.putBlob(content));
    });
  });

  test('begins with requests that tell their length', async () => {
    await using([], async ({ repository, log }) => {
      await repository.putBlob(contentFrom(new Uint8Array()));
      const lengths = log.filter(({ method }) => method !== 'HEAD').map(({ headers }) => headers['content-length']);
      assert.deepEqual(lengths, ['0', '0']);
    });
  });
});

describe('a copy over sockets', () => {
  test('to another registry has the same digests', async () => {
    const from = await servedRegistry([quirks.absoluteLocation()]);
    const to = await servedRegistry();
    try {
      const one = await putImage(from.repository, { layers: [seededBytes(300_000, 1)] });
      const two = await putImage(from.repository, { layers: [seededBytes(300_000, 2)] });
      const index = await putIndex(from.repository, { manifests: [one.descriptor, two.descriptor], tags: ['v1'] });
      const root = await copy(from.repository, 'v1', to.repository, { tags: ['v2'] });
      assert.equal(root.digest, index.manifest.descriptor.digest);
      assert.deepEqual((await to.repository.manifest('v2')).bytes, index.manifest.bytes);
    } finally {
      await from.close();
      await to.close();
    }
  });

  test('within a registry mounts every blob by one request, and sends none', async () => {
    await using([], async ({ client, host, repository, log }) => {
      const { manifest } = await putImage(repository, {
        layers: [seededBytes(300_000, 1), seededBytes(9, 2)],
        tags: ['v1'],
      });
      log.length = 0;
      const to = client.repository(`${host}/team/other`);
      await copy(repository, 'v1', to, { tags: ['v1'] });
      assert.equal((await to.resolve('v1'))?.digest, manifest.descriptor.digest);
      const aboutBlobs = log.filter(({ path }) => path.includes('/blobs/'));
      assert.equal(aboutBlobs.length, 3);
      assert.ok(
        aboutBlobs.every(
          ({ method, path, status }) => `${method} ${status}` === 'POST 201' && path.includes('?mount='),
        ),
      );
      const sent = log.reduce((sum, { bytesIn }) => sum + bytesIn, 0);
      assert.equal(sent, manifest.bytes.length);
    });
  });
});
