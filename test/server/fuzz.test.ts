import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { digestOf } from '../../src/bytes/hash.ts';
import { seededBytes } from '../../src/testing/fixtures.ts';
import { createApi, locationOf } from '../support/api.ts';

const digest = digestOf(new Uint8Array());
const part = fc.oneof(
  fc.constantFrom(
    'v2',
    '_catalog',
    'tags',
    'list',
    'manifests',
    'blobs',
    'uploads',
    'referrers',
    'r',
    'a/b',
    '',
    '..',
    '%2e%2e',
  ),
  fc.constantFrom(digest, 'sha256:abc', 'latest', '%00', '%', '%zz', '//', 'a'.repeat(300), 'é', '\u202e'),
  fc.string({ maxLength: 20 }),
);
const query = fc.dictionary(
  fc.constantFrom('n', 'last', 'digest', 'mount', 'from', 'artifactType', 'tag', 'digest-algorithm', 'x'),
  fc.oneof(fc.constantFrom(digest, '0', '-1', '1', 'r', '../x', ''), fc.string({ maxLength: 20 })),
);
const value = fc.oneof(
  fc.constantFrom('bytes=0-1', '0-1', '*', '"x"', 'Basic YTpi', 'application/vnd.oci.image.manifest.v1+json'),
  fc.string({ maxLength: 30 }).map((text) => text.replace(/[^\t\x20-\x7e]/g, '')),
);
const headers = fc.dictionary(
  fc.constantFrom('range', 'content-range', 'content-type', 'if-match', 'if-none-match', 'if-range', 'authorization'),
  value,
);
const method = fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND');
const documents = fc.oneof(
  fc.json(),
  fc.string(),
  fc
    .record({ schemaVersion: fc.constant(2), config: fc.anything(), layers: fc.anything() })
    .map((v) => JSON.stringify(v)),
);

describe('whatever is asked', () => {
  it('gets an answer that is no 5xx, in the form of the specification', async () => {
    const api = createApi();
    const request = fc.record({ method, parts: fc.array(part, { maxLength: 7 }), query, headers, body: documents });
    await fc.assert(
      fc.asyncProperty(request, async (given) => {
        const search = new URLSearchParams(given.query).toString();
        const path = `/v2/${given.parts.join('/').replace(/[?#]/g, '')}?${search}`;
        const hasBody = given.method !== 'GET' && given.method !== 'HEAD';
        const sent = { headers: given.headers, ...(hasBody ? { body: given.body } : {}) };
        const answer = await api.send(given.method, path, sent);
        assert.ok(answer.status < 500, `${given.method} ${path}: ${answer.status} ${answer.text}`);
        if (answer.headers.get('content-type') === 'application/json' && answer.bytes.length > 0)
          JSON.parse(answer.text);
      }),
      { numRuns: 3000 },
    );
  });
});

/** What a client does with an upload: a chunk said to start somewhere, a stream, or a question. */
const step = fc.oneof(
  fc.record({ kind: fc.constant('chunk' as const), from: fc.nat(60), size: fc.integer({ min: 1, max: 30 }) }),
  fc.record({ kind: fc.constant('stream' as const), size: fc.nat(30) }),
  fc.record({ kind: fc.constant('status' as const) }),
);

describe('an upload, whatever the order of its chunks', () => {
  it('is the bytes that were accepted, and nothing else', async () => {
    const source = seededBytes(2000, 'steps');
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const api = createApi();
        const session = locationOf(await api.send('POST', '/v2/r/blobs/uploads/'));
        let size = 0;
        for (const one of steps) {
          if (one.kind === 'status') {
            const { status, headers } = await api.send('GET', session);
            assert.deepEqual([status, headers.get('range')], [204, `0-${Math.max(0, size - 1)}`]);
            continue;
          }
          const from = one.kind === 'chunk' ? one.from : size;
          const body = source.subarray(from, from + one.size);
          const range: Record<string, string> =
            one.kind === 'chunk' ? { 'content-range': `${from}-${from + one.size - 1}` } : {};
          const { status } = await api.send('PATCH', session, { headers: range, body });
          assert.equal(status, from === size ? 202 : 416);
          if (from === size) size += one.size;
        }
        const expected = source.subarray(0, size);
        const done = await api.send('PUT', `${session}?digest=${digestOf(expected)}`);
        assert.equal(done.status, 201, done.text);
        assert.deepEqual((await api.send('GET', locationOf(done))).bytes, expected);
      }),
      { numRuns: 200 },
    );
  });
});
