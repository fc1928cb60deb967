/** G18: documents without an end: each is given up at its limit, its connection is closed, and no memory is taken for it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isOciError, type OciError } from '../../src/errors.ts';
import type { Send } from '../../src/http/types.ts';
import { nodeTransport } from '../../src/node/http/transport.ts';
import { createClient } from '../../src/registry/client.ts';
import { askEndless } from '../support/ask-endless.ts';
import { type Endpoint, endpoints, startEndlessRegistry } from '../support/endless-registry.ts';
import { grownBy } from '../support/grown-by.ts';
import { until } from '../support/until.ts';
import { plantedCredentials } from '../support/planted-secrets.ts';

const SLACK = 64 * 1024;
const hang = { timeout: 120_000 };

/** Of a refusal the status is told, too. */
function assertTooLarge(error: unknown, endpoint: string): asserts error is OciError {
  assert.ok(isOciError(error, 'TOO_LARGE'), String(error));
  assert.match(error.message, /larger than \d+ bytes/);
  if (endpoint !== 'error') return;
  assert.equal(error.status, 400);
  assert.ok(isOciError(error.cause, 'TOO_LARGE'), String(error.cause));
}

for (const [endpoint, limit] of Object.entries(endpoints) as readonly (readonly [Endpoint, number])[]) {
  for (const [what, most] of [
    ['without an end', Number.POSITIVE_INFINITY],
    ['that stands still one byte after its limit', limit + SLACK],
  ] as const) {
    test(`G18: ${endpoint} ${what}: TOO_LARGE, read no further, and its connection is closed`, hang, async () => {
      await using origin = await startEndlessRegistry(most);
      const wire = nodeTransport({ proxy: false });
      let read = 0;
      const counting: Send = async (request) => {
        const response = await wire(request);
        const body = async function* (): AsyncGenerator<Uint8Array> {
          for await (const chunk of response.body) {
            read += chunk.length;
            yield chunk;
          }
        };
        return { ...response, body: body() };
      };
      try {
        const client = createClient({ transport: counting, credentials: plantedCredentials, retry: { attempts: 1 } });
        const error = await askEndless(client, `127.0.0.1:${origin.port}`, endpoint).then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
        assertTooLarge(error, endpoint);
        assert.ok(read > limit && read <= limit + 2 * SLACK, `${read} bytes`);
        // The client is still there: what closes the connection is that the answer was given up.
        await until(() => openBodies(origin) === 0, 'the connection is closed');
      } finally {
        wire.close();
      }
    });
  }
}

/** Connections; one that only brought short answers may be kept for the next request. */
function openBodies({ connections, requests }: Awaited<ReturnType<typeof startEndlessRegistry>>): number {
  const last = requests.at(-1)?.connection;
  const kept = new Set(requests.map(({ connection }) => connection).filter((number) => number !== last)).size;
  return Math.max(0, connections.open - kept);
}

test('G18: all of them, one after the other, take less than 64 MiB', hang, async () => {
  await using origin = await startEndlessRegistry();
  const { outcome, growth } = await grownBy('endless', `127.0.0.1:${origin.port}`);
  assert.equal(
    outcome,
    Object.keys(endpoints)
      .map(() => 'TOO_LARGE')
      .join(),
  );
  assert.ok(growth < 64, `${growth} MiB`);
});
