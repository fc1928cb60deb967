import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, test } from 'node:test';
import { assert as check, constantFrom, jsonValue, property } from 'fast-check';
import type { Descriptor } from '../../../src/model/descriptor.ts';
import type { AttestationPolicy, VerifyPolicy } from '../../../src/node/verify/policy.ts';
import { checkProvenance, readProvenance } from '../../../src/node/verify/provenance.ts';
import { verifyImage } from '../../../src/node/verify/verify-image.ts';
import { createMemoryStore } from '../../../src/store/memory.ts';
import type { Content, Store } from '../../../src/store/types.ts';
import { isOciError } from '../../../src/errors.ts';
import { type Built, buildImage, buildIndex, putBuilt } from '../../../src/testing/fixtures.ts';
import { listed } from '../../support/images-to-change.ts';
import { failure, rejection } from '../../support/failure.ts';
import * as by from '../../support/signatures.ts';

const pair = (): { publicKey: KeyObject; privateKey: KeyObject } => generateKeyPairSync('ec', { namedCurve: 'P-256' });
const own = pair();
const stranger = pair();
const keys = [own.publicKey.export({ type: 'spki', format: 'pem' }).toString()];
const asked = (attestation: AttestationPolicy): VerifyPolicy => ({ keys, attestation });

const image = await buildImage({ layers: [] });
const other = await buildImage({ layers: [{ files: { a: 'b' } }] });
const subject: Descriptor = image.manifest.descriptor;
const V02 = 'https://slsa.dev/provenance/v0.2';
const V1 = 'https://slsa.dev/provenance/v1';
const SPDX = 'https://spdx.dev/Document';

const GENERATOR = 'https://github.com/slsa/generator/.github/workflows/container.yml';
const old = {
  builder: { id: `${GENERATOR}@refs/tags/v1.9.0` },
  invocation: { configSource: { uri: 'git+https://github.com/acme/app@refs/tags/v1' } },
  materials: [{ uri: 'git+https://github.com/evil/app@refs/tags/v1' }],
};
const young = {
  buildDefinition: {
    externalParameters: {
      workflow: { repository: 'https://github.com/acme/app', ref: 'refs/heads/main', path: 'x.yml' },
    },
    resolvedDependencies: [{ uri: 'git+https://github.com/acme/app@refs/heads/main' }],
  },
  runDetails: { builder: { id: GENERATOR } },
};

async function attested(...layers: readonly Content[]): Promise<Store> {
  const store = createMemoryStore();
  await putBuilt(store, image, { tags: ['1'] });
  await by.putTagged(store, subject, 'att', ...layers);
  return store;
}

const layer = (
  type: string,
  predicate: unknown = {},
  about: Descriptor = subject,
  key: KeyObject = own.privateKey,
): Content => by.envelopeLayer(by.envelope(by.statement(about, type, predicate), key));
const refused = async (store: Store, policy: AttestationPolicy): Promise<string> =>
  (await rejection('SIGNATURE_INVALID', verifyImage(store, '1', asked(policy)))).message;

describe('CAP-I8: an attestation', () => {
  test('is found by its type, whatever it is called, and its payload is given', async () => {
    const store = await attested(layer(SPDX, { name: 'sbom' }), layer(V02, old));
    for (const type of ['spdx', 'spdxjson', SPDX]) {
      const { verified, rejected } = await verifyImage(store, '1', asked({ type }));
      assert.deepEqual([verified.length, rejected.length], [1, 0]);
      const [{ predicateType, payload, format, scheme } = assert.fail()] = verified;
      assert.deepEqual([predicateType, format, scheme], [SPDX, 'envelope', 'cosign']);
      assert.deepEqual(payload?.predicate, { name: 'sbom' });
    }
    assert.match(
      await refused(store, { type: 'vuln' }),
      /has no attestation of https:\/\/cosign\.sigstore\.dev\/attestation\/vuln\/v1$/,
    );
  });

  test('is no signature, and a signature is no attestation', async () => {
    const store = await attested(layer(SPDX));
    await rejection('SIGNATURE_INVALID', verifyImage(store, '1', { keys }));
    const signed = createMemoryStore();
    await putBuilt(signed, image, { tags: ['1'] });
    await by.putTagged(signed, subject, 'sig', by.keySigned(subject, own.privateKey));
    await refused(signed, { type: 'spdx' });
  });

  test('is found in a bundle', async () => {
    const store = createMemoryStore();
    await putBuilt(store, image, { tags: ['1'] });
    const dsseEnvelope = by.envelope(by.statement(subject, V1, young), own.privateKey);
    await by.putReferrer(store, subject, by.bundleLayer({ dsseEnvelope }));
    const { verified } = await verifyImage(store, '1', asked({}));
    assert.deepEqual([verified[0]?.format, verified[0]?.scheme], ['bundle', 'referrers']);
    assert.deepEqual(verified[0]?.provenance, {
      builderId: GENERATOR,
      sources: [{ uri: 'https://github.com/acme/app', ref: 'refs/heads/main' }],
    });
  });

  test('is found among what the index attests of the image, where that is signed', async () => {
    const statement = by.envelope(by.statement(subject, V1, young), own.privateKey);
    const built: Built = by.referrerOf(subject, by.envelopeLayer(statement));
    const entry = listed(built, {
      platform: { os: 'unknown', architecture: 'unknown' },
      annotations: {
        'vnd.docker.reference.type': 'attestation-manifest',
        'vnd.docker.reference.digest': subject.digest,
      },
    });
    const store = createMemoryStore();
    await putBuilt(store, buildIndex({ manifests: [image, entry] }), { tags: ['1'] });
    const platform = { os: 'linux', architecture: 'amd64' };
    const { verified } = await verifyImage(store, '1', asked({}), { platform });
    assert.equal(verified.length, 1);
  });

  test('does not count with another key, about another image, or as something else', async () => {
    const text = by.envelope(by.statement(subject, SPDX), own.privateKey, 'text/plain');
    const v9 = Buffer.from(by.statement(subject, SPDX).toString().replace('Statement/v1', 'Statement/v9'));
    const cases: readonly (readonly [Content, RegExp])[] = [
      [layer(SPDX, {}, subject, stranger.privateKey), /is not signed with the key/],
      [layer(SPDX, {}, other.manifest.descriptor), /it is a statement about other digests/],
      [by.envelopeLayer(text), /"text\/plain", not a statement/],
      [by.envelopeLayer(by.envelope(v9, own.privateKey)), /unknown type/],
      [by.envelopeLayer('{'), /is not JSON/],
      [by.envelopeLayer({ payloadType: 'a' }), /has no signature/],
      [by.envelopeLayer({ payloadType: 'a', payload: '!', signatures: [{ sig: 'AA' }] }), /is not base64/],
      [
        by.envelopeLayer({
          payloadType: 'a',
          payload: 'AA',
          signatures: Array.from({ length: 17 }, () => ({ sig: 'AA' })),
        }),
        /more than 16/,
      ],
      [by.envelopeLayer(by.envelope(Buffer.from('{}'), own.privateKey)), /unknown type/],
    ];
    for (const [content, reason] of cases)
      assert.match(await refused(await attested(content), { type: 'spdx' }), reason);
  });

  test('counts with one good signature of several, and not with the payload of another', async () => {
    const [one, two] = [stranger, own].map(({ privateKey }) => by.envelope(by.statement(subject, SPDX), privateKey));
    assert.ok(one && two);
    const both = { ...one, signatures: [...one.signatures, ...two.signatures] };
    assert.equal(
      (await verifyImage(await attested(by.envelopeLayer(both)), '1', asked({ type: 'spdx' }))).verified.length,
      1,
    );
    const swapped = {
      ...by.envelope(by.statement(subject, SPDX, { changed: true }), stranger.privateKey),
      signatures: two.signatures,
    };
    await refused(await attested(by.envelopeLayer(swapped)), { type: 'spdx' });
  });
});

describe('CAP-I8: provenance', () => {
  const good: readonly (readonly [string, unknown, AttestationPolicy])[] = [
    [V02, old, {}],
    [V02, old, { type: 'slsaprovenance', builderId: `${GENERATOR}@refs/tags/v1.9.0` }],
    [V02, old, { builderId: GENERATOR, sourceUri: 'github.com/acme/app', sourceTag: 'v1' }],
    [V02, old, { builderId: 'https://github.com/slsa/**' }],
    [V02, old, { sourceUri: 'git+https://github.com/acme/app.git@refs/tags/v1' }],
    [V1, young, { type: 'slsaprovenance1', builderId: GENERATOR, sourceUri: 'https://github.com/acme/app' }],
    [V1, young, { sourceUri: 'github.com/acme/*', sourceRef: 'refs/heads/main' }],
  ];
  for (const [type, predicate, policy] of good) {
    test(`${type.slice(-4)} counts for ${JSON.stringify(policy)}`, async () => {
      assert.equal((await verifyImage(await attested(layer(type, predicate)), '1', asked(policy))).verified.length, 1);
    });
  }

  const bad: readonly (readonly [string, unknown, AttestationPolicy, RegExp])[] = [
    [V02, old, { builderId: 'https://github.com/evil' }, /it was built by "https:\/\/github\.com\/slsa/],
    [V02, old, { builderId: `${GENERATOR}@refs/tags/v2` }, /it was built by/],
    [V02, old, { sourceUri: 'github.com/evil/app' }, /it was built from "https:\/\/github\.com\/acme\/app"/],
    [V02, old, { sourceUri: 'github.com/acme/ap' }, /it was built from/],
    [V02, old, { sourceUri: 'github.com/acme/app@refs/tags/v2' }, /the ref "refs\/tags\/v1"/],
    [V02, old, { sourceTag: 'v2' }, /the ref "refs\/tags\/v1"/],
    [V02, {}, { builderId: GENERATOR }, /built by "nobody who is named"/],
    [V1, {}, { sourceUri: 'github.com/acme/app' }, /it does not tell for certain/],
    [V1, young, { sourceTag: 'main' }, /the ref "refs\/heads\/main"/],
    [
      V1,
      { buildDefinition: { externalParameters: { source: 'https://github.com/acme/app' } } },
      { sourceTag: 'v1' },
      /does not tell the ref/,
    ],
  ];
  for (const [type, predicate, policy, reason] of bad) {
    test(`${type.slice(-4)} does not count for ${JSON.stringify(policy)}`, async () => {
      assert.match(await refused(await attested(layer(type, predicate)), policy), reason);
    });
  }

  test('of one builder is passed over for that of another', async () => {
    const store = await attested(layer(V02, old), layer(V1, young));
    const { verified, rejected } = await verifyImage(store, '1', asked({ sourceRef: 'refs/heads/main' }));
    assert.deepEqual([verified.length, verified[0]?.predicateType, rejected.length], [1, V1, 1]);
  });

  const sourcesOf = (type: string, predicate: unknown): unknown => readProvenance(type, predicate)?.sources;

  test('tells its source as BuildKit, Google and others write it', () => {
    const buildkit = { configSource: { uri: 'https://github.com/acme/app.git#refs/tags/v1:sub', digest: {} } };
    const google = { sourceToBuild: { repository: 'https://github.com/acme/app', ref: 'refs/heads/main' } };
    const v1 = (externalParameters: object): object => ({ buildDefinition: { externalParameters } });
    const app = 'https://github.com/acme/app';
    assert.deepEqual(sourcesOf(V1, v1(buildkit)), [{ uri: app, ref: 'refs/tags/v1' }]);
    assert.deepEqual(sourcesOf(V02, { invocation: buildkit }), [{ uri: app, ref: 'refs/tags/v1' }]);
    assert.deepEqual(sourcesOf(V1, v1(google)), [{ uri: app, ref: 'refs/heads/main' }]);
    assert.deepEqual(sourcesOf(V1, v1({ source: { uri: `git+${app}@v1` } })), [{ uri: app, ref: 'v1' }]);
    assert.deepEqual(sourcesOf(V1, v1({ source: 'git+ssh://git@host/acme/app' })), [
      { uri: 'ssh://git@host/acme/app' },
    ]);
  });

  test('takes its source from a list only where that leaves no doubt', () => {
    const git = (name: string): object => ({ uri: `git+https://github.com/acme/${name}@refs/tags/v1` });
    const app = [{ uri: 'https://github.com/acme/app', ref: 'refs/tags/v1' }];
    assert.deepEqual(sourcesOf(V02, { materials: [{ uri: 'pkg:docker/x' }, git('app')] }), app);
    assert.deepEqual(sourcesOf(V02, { materials: [git('app'), git('lib')] }), []);
    assert.deepEqual(sourcesOf(V1, { buildDefinition: { resolvedDependencies: [git('app'), null, 1] } }), app);
  });

  test('that names two sources is of neither alone', () => {
    const externalParameters = { workflow: { repository: 'https://a.test/app' }, source: 'https://b.test/app' };
    const provenance = readProvenance(V1, { buildDefinition: { externalParameters } });
    assert.ok(provenance);
    failure('SIGNATURE_INVALID', () => checkProvenance(provenance, { sourceUri: 'a.test/app' }));
    checkProvenance(provenance, { sourceUri: 'https://*/app' });
  });

  test('of any shape is read or refused', () => {
    check(
      property(constantFrom(V02, V1), jsonValue(), (type, predicate) => {
        const provenance = readProvenance(type, predicate);
        assert.ok(provenance);
        try {
          checkProvenance(provenance, { builderId: 'x', sourceUri: 'x' });
          assert.fail('it is nobody’s');
        } catch (error) {
          assert.ok(isOciError(error, 'SIGNATURE_INVALID'), String(error));
        }
      }),
    );
  });
});
