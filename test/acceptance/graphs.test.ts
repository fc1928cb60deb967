/** G20: graphs that lead nowhere, in circles, or into millions: every walk ends, after as many requests as there are nodes. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ErrorCode } from '../../src/errors.ts';
import { copy } from '../../src/graph/copy.ts';
import { validate, type Validation } from '../../src/graph/validate.ts';
import { walk } from '../../src/graph/walk.ts';
import type { Descriptor } from '../../src/model/descriptor.ts';
import { OCI_INDEX } from '../../src/model/media-types.ts';
import type { RegistryLimits } from '../../src/registry/session.ts';
import { contentFrom } from '../../src/store/content.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import type { Source } from '../../src/store/types.ts';
import { buildIndex, type Built, putBuilt, putImage } from '../../src/testing/fixtures.ts';
import { rejection } from '../support/failure.ts';
import { type TestRegistry, testRegistry } from '../support/test-registry.ts';

type Verb = (source: Source, reference: string) => Promise<unknown>;

const verbs: Readonly<Record<string, Verb>> = {
  copy: (source, reference) => copy(source, reference, createMemoryStore()),
  validate: (source, reference) => validate(source, reference),
  walk: async (source, reference) => {
    for await (const _ of walk(source, reference));
  },
};

const digestOf = (letter: string): Descriptor['digest'] => `sha256:${letter.repeat(64)}`;
const entry = (letter: string): Descriptor => ({ mediaType: OCI_INDEX, digest: digestOf(letter), size: 2000 });
const documentOf = (entries: readonly Descriptor[]): string =>
  JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: entries }).padEnd(2000);

/** A registry whose indexes name each other as a test likes; by digest that can only be a lie. */
function lying(documents: Readonly<Record<string, string>>, limits: Partial<RegistryLimits> = {}): TestRegistry {
  return testRegistry({
    client: { limits },
    wraps: [
      () => async (request) => {
        const reference = decodeURIComponent(new URL(request.url).pathname.split('/').at(-1) ?? '');
        const body = documents[reference] ?? '';
        const headers = { 'content-type': OCI_INDEX, 'content-length': String(body.length) };
        return new Response(request.method === 'HEAD' ? null : body, { status: body === '' ? 404 : 200, headers });
      },
    ],
  });
}

/** Two to a level, each with both of the next: as many ways as 2^depth. */
async function diamond(made: TestRegistry, depth: number): Promise<number> {
  const target = made.registry.repository('team/app');
  const bottom = await putImage(target, { layers: [] });
  let level: readonly Built[] = [bottom];
  for (let at = 1; at < depth; at++) {
    const manifests = level.map(({ descriptor }) => descriptor);
    level = ['a', 'b'].map((side) => buildIndex({ manifests, annotations: { side } }));
    for (const one of level) await putBuilt(target, one);
  }
  await putBuilt(target, buildIndex({ manifests: level.map(({ descriptor }) => descriptor) }), { tags: ['1'] });
  return 2 * (depth - 1) + 2;
}

/** A validation tells what is wrong, and does not fail by it. */
async function assertFound(ending: Promise<unknown>, code: ErrorCode): Promise<void> {
  const { problems } = (await ending) as Validation;
  assert.deepEqual(
    problems.map(({ error }) => error.code),
    [code],
  );
}

const gets = ({ requests }: TestRegistry): number =>
  requests.filter(({ method, path }) => method === 'GET' && path.includes('/manifests/')).length;

for (const [name, verb] of Object.entries(verbs)) {
  describe(name, () => {
    test('G20: an index that names itself, and two that name each other, end', async () => {
      for (const documents of [
        { '1': documentOf([entry('a')]), [digestOf('a')]: documentOf([entry('a')]) },
        {
          '1': documentOf([entry('a')]),
          [digestOf('a')]: documentOf([entry('b')]),
          [digestOf('b')]: documentOf([entry('a')]),
        },
      ]) {
        const root = contentFrom(new TextEncoder().encode(documents['1'])).descriptor.digest;
        const made = lying({ ...documents, [root]: documents['1'] });
        const ending = verb(made.repository, '1');
        if (name === 'validate') await assertFound(ending, 'DIGEST_MISMATCH');
        else await rejection('DIGEST_MISMATCH', ending);
        assert.ok(made.requests.length <= 8, made.lines().join('\n'));
        assert.equal(made.open(), 0);
      }
    });

    test('G20: a diamond of the greatest depth takes a request a node', async () => {
      const made = testRegistry();
      const nodes = await diamond(made, 8);
      await verb(made.repository, '1');
      assert.ok(gets(made) >= nodes && gets(made) <= nodes + 1, `${gets(made)} requests for ${nodes} nodes`);
    });

    test('G20: a diamond of depth 30 is LIMIT, after no more requests than nodes', async () => {
      const made = testRegistry();
      const nodes = await diamond(made, 30);
      await rejection('LIMIT', verb(made.repository, '1'));
      assert.ok(gets(made) <= nodes, `${gets(made)} requests for ${nodes} nodes`);
    });

    test('G20: 100 000 children are too many, however many bytes are allowed, and none is asked for', async () => {
      for (const [count, code, manifestBytes] of [
        [100_000, 'TOO_LARGE', undefined],
        [100_000, 'MANIFEST_INVALID', 64 * 1024 * 1024],
        [20_000, 'LIMIT', undefined],
      ] as const) {
        const made = lying({ '1': indexOf(count) }, manifestBytes === undefined ? {} : { manifestBytes });
        await rejection(code, verb(made.repository, '1'));
        assert.ok(made.requests.length <= 2, made.lines().join('\n'));
        assert.equal(made.open(), 0);
      }
    });

    test('G20: a source that gives an index for whatever is asked does not hold it for ever', async () => {
      const index = buildIndex({ manifests: [entry('a'), entry('b')] }).manifest;
      const source: Source = {
        ...createMemoryStore(),
        resolve: async () => index.descriptor,
        manifest: async () => index,
      };
      const ending = verb(source, '1');
      if (name === 'copy') await rejection('DIGEST_MISMATCH', ending);
      else await ending;
    });
  });
}

function indexOf(count: number): string {
  const children = Array.from({ length: count }, (_, at) => {
    return { mediaType: OCI_INDEX, digest: `sha256:${at.toString(16).padStart(64, '0')}`, size: 2 };
  });
  return JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: children });
}
