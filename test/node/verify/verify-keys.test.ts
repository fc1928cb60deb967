import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, test } from 'node:test';
import type { Descriptor } from '../../../src/model/descriptor.ts';
import type { VerifyPolicy } from '../../../src/node/verify/policy.ts';
import { parsePublicKey } from '../../../src/node/verify/public-key.ts';
import { type Verification, verifyImage } from '../../../src/node/verify/verify-image.ts';
import { contentFrom } from '../../../src/store/content.ts';
import { createMemoryStore } from '../../../src/store/memory.ts';
import type { Content, Store } from '../../../src/store/types.ts';
import { buildImage, buildIndex, putBuilt } from '../../../src/testing/fixtures.ts';
import { rejection } from '../../support/failure.ts';
import * as by from '../../support/signatures.ts';
import { TEAM_APP, testRegistry } from '../../support/test-registry.ts';

const pair = (): { publicKey: KeyObject; privateKey: KeyObject } => generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pem = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString();
const own = pair();
const stranger = pair();
const policy: VerifyPolicy = { keys: [pem(own.publicKey)] };

const image = await buildImage({ layers: [] });
const other = await buildImage({ layers: [{ files: { a: 'b' } }] });
const arm = await buildImage({ layers: [], platform: { os: 'linux', architecture: 'arm64' } });
const index = buildIndex({ manifests: [image, arm] });
const subject: Descriptor = image.manifest.descriptor;
const SIGN = 'https://sigstore.dev/cosign/sign/v1';

async function stored(): Promise<Store> {
  const store = createMemoryStore();
  await putBuilt(store, image, { tags: ['1'] });
  await putBuilt(store, index, { tags: ['all'] });
  return store;
}

/** An image with these signatures under cosign's tag. */
async function signed(...layers: readonly Content[]): Promise<Store> {
  const store = await stored();
  await by.putTagged(store, subject, 'sig', ...layers);
  return store;
}

const good = (options?: by.SimpleOptions): Content => by.keySigned(subject, own.privateKey, options);
const refused = async (store: Store, asked: VerifyPolicy = policy): Promise<string> =>
  (await rejection('SIGNATURE_INVALID', verifyImage(store, '1', asked))).message;

describe('CAP-I6: a signature with a key', () => {
  test('counts under cosign’s tag, and tells the digest, the key and what was signed along', async () => {
    const store = await signed(good({ optional: { env: 'live' } }));
    const { digest, verified, rejected, index: of } = await verifyImage(store, '1', policy);
    assert.equal(digest, subject.digest);
    assert.deepEqual([rejected, of], [[], undefined]);
    const [one, ...more] = verified;
    assert.equal(more.length, 0);
    assert.deepEqual(one?.signer, { key: parsePublicKey(pem(own.publicKey)).fingerprint });
    assert.deepEqual([one?.scheme, one?.format, one?.subject], ['cosign', 'simple-signing', subject.digest]);
    assert.equal(one?.tag, `${subject.digest.replace(':', '-')}.sig`);
    assert.equal(one?.reference, TEAM_APP);
    assert.deepEqual(one?.annotations, { env: 'live' });
  });

  test('counts as a referrer, in the list under the fallback tag, and in a repository of its own', async () => {
    for (const referrers of ['api', 'none'] as const) {
      const { repository, registry } = testRegistry();
      await putBuilt(repository, image, { tags: ['1'] });
      const one = by.referrerOf(subject, good());
      if (referrers === 'api') await putBuilt(repository, one);
      else {
        await putBuilt(registry.repository('team/app'), { ...one, manifest: { ...one.manifest, subject: undefined } });
        await putBuilt(repository, buildIndex({ manifests: [one.descriptor] }), {
          tags: [subject.digest.replace(':', '-')],
        });
      }
      const { verified } = await verifyImage(repository, '1', policy);
      assert.deepEqual(
        verified.map(({ manifest }) => manifest),
        [one.descriptor.digest],
      );
    }
    const [store, elsewhere] = [await stored(), createMemoryStore()];
    await by.putTagged(elsewhere, subject, 'sig', good());
    assert.match(await refused(store), /has no signature$/);
    assert.equal((await verifyImage(store, '1', policy, { from: elsewhere })).verified.length, 1);
  });

  test('counts in a bundle: of the manifest itself, and as the statement that cosign 3 signs', async () => {
    const hash = Buffer.from(subject.digest.slice(7), 'hex');
    const message = by.messageContent(hash, by.signBytes(image.manifest.bytes, own.privateKey));
    const dsseEnvelope = by.envelope(by.statement(subject, SIGN, {}, { env: 'live' }), own.privateKey);
    for (const [content, annotations] of [
      [message, undefined],
      [{ dsseEnvelope }, { env: 'live' }],
    ] as const) {
      const store = await stored();
      await by.putReferrer(store, subject, by.bundleLayer(content));
      const { verified } = await verifyImage(store, '1', policy);
      assert.deepEqual([verified[0]?.format, verified[0]?.annotations], ['bundle', annotations]);
      assert.match(await refused(store, { keys: [pem(stranger.publicKey)] }), /is not signed with the key/);
    }
  });

  test('does not count where the bundle is of another image', async () => {
    const hash = Buffer.from(other.manifest.descriptor.digest.slice(7), 'hex');
    const lies = Buffer.from(subject.digest.slice(7), 'hex');
    const signature = by.signBytes(other.manifest.bytes, own.privateKey);
    for (const content of [
      by.messageContent(hash, signature),
      by.messageContent(lies, signature),
      { dsseEnvelope: by.envelope(by.statement(other.manifest.descriptor, SIGN), own.privateKey) },
    ]) {
      const store = await stored();
      await by.putReferrer(store, subject, by.bundleLayer(content));
      await refused(store);
    }
  });

  test('counts beside others that do not, which are told', async () => {
    const store = await signed(
      by.keySigned(subject, stranger.privateKey),
      good(),
      by.simpleLayer(Buffer.from('{}'), '!'),
    );
    const { verified, rejected } = await verifyImage(store, '1', policy);
    assert.equal(verified.length, 1);
    assert.deepEqual(
      rejected.map(({ reason }) => reason),
      ['it is not signed with the key', 'its signature is not base64'],
    );
    assert.equal(
      (await verifyImage(store, '1', { keys: [pem(own.publicKey), pem(stranger.publicKey)] })).verified.length,
      2,
    );
  });

  test('of an index counts for its platforms, and that of a platform not for the index', async () => {
    const store = await stored();
    const root = index.manifest.descriptor;
    await by.putTagged(store, root, 'sig', by.keySigned(root, own.privateKey));
    const platform = { os: 'linux', architecture: 'arm64' };
    const { digest, index: of, verified } = await verifyImage(store, 'all', policy, { platform });
    assert.deepEqual([digest, of, verified[0]?.subject], [arm.manifest.descriptor.digest, root.digest, root.digest]);
    assert.equal((await verifyImage(store, 'all', policy)).digest, root.digest);
    await rejection('SIGNATURE_INVALID', verifyImage(store, arm.manifest.descriptor.digest, policy));

    const inner = await stored();
    await by.putTagged(inner, subject, 'sig', good());
    await rejection('SIGNATURE_INVALID', verifyImage(inner, 'all', policy));
  });

  test('is asked for by the digest that the tag had once: it is resolved once', async () => {
    const { repository, lines } = testRegistry();
    await putBuilt(repository, image, { tags: ['1'] });
    await by.putTagged(repository, subject, 'sig', good());
    const before = lines().length;
    await verifyImage(repository, '1', policy);
    assert.equal(
      lines()
        .slice(before)
        .filter((line) => line.includes('/manifests/1 ')).length,
      1,
    );
  });
});

describe('CAP-I6: a signature does not count', () => {
  const payload = by.simplePayload(subject.digest);
  const signature = by.signBytes(payload, own.privateKey);
  const tampered = Buffer.from(payload.toString().replace('team/app', 'team/APP'));
  const cases: readonly (readonly [string, Content, RegExp])[] = [
    [
      'of another image under this one’s tag',
      by.keySigned(other.manifest.descriptor, own.privateKey),
      /it is a signature of "sha256:/,
    ],
    ['with another key', by.keySigned(subject, stranger.privateKey), /is not signed with the key/],
    ['whose payload was changed', by.simpleLayer(tampered, signature), /is not signed with the key/],
    ['that is empty', by.simpleLayer(payload, ''), /its signature is missing/],
    ['that is no base64', by.simpleLayer(payload, 'x*y'), /is not base64/],
    [
      'of another type',
      by.keySigned(subject, own.privateKey, { type: 'atomic container signature' }),
      /"atomic container signature"/,
    ],
    [
      'of what is not JSON',
      by.simpleLayer(Buffer.from('{'), by.signBytes(Buffer.from('{'), own.privateKey)),
      /is not JSON/,
    ],
    [
      'of no object',
      by.simpleLayer(Buffer.from('[]'), by.signBytes(Buffer.from('[]'), own.privateKey)),
      /not a JSON object/,
    ],
    ['of nothing', by.simpleLayer(Buffer.alloc(0), by.signBytes(Buffer.alloc(0), own.privateKey)), /is not JSON/],
    ['that is huge', by.simpleLayer(Buffer.alloc(1024 * 1024 + 1), signature), /larger than 1048576 bytes/],
  ];
  for (const [name, layer, reason] of cases) {
    test(name, async () => assert.match(await refused(await signed(layer)), reason));
  }

  test('in a bundle or envelope that is malformed', async () => {
    const statement = by.statement(subject, SIGN);
    const whole = by.envelope(statement, own.privateKey);
    const layers = [
      contentFrom(Buffer.from('{'), by.BUNDLE),
      contentFrom(Buffer.from('{}'), by.BUNDLE),
      by.bundleLayer({}),
      by.bundleLayer({ dsseEnvelope: { ...whole, signatures: [] } }),
      by.bundleLayer({ dsseEnvelope: { ...whole, payloadType: 'text/plain' } }),
      by.bundleLayer({ dsseEnvelope: { ...whole, payload: Buffer.from('{}').toString('base64') } }),
      by.bundleLayer(
        { dsseEnvelope: whole },
        { publicKey: { hint: '' }, tlogEntries: Array.from({ length: 9 }, () => ({})) },
      ),
    ];
    for (const layer of layers) {
      const store = await stored();
      await by.putReferrer(store, subject, layer);
      await refused(store);
    }
  });

  test('where there is none, is something else, or is gone', async () => {
    const store = await stored();
    assert.match(await refused(store), /:1 \(sha256:[0-9a-f]{64}\) has no signature$/);
    await putBuilt(store, other, { tags: [`${subject.digest.replace(':', '-')}.sig`] });
    assert.match(await refused(store), /has no signature$/);
    const lost = await signed(good());
    await lost.delete({ blob: good().descriptor.digest });
    assert.match(await refused(lost), /has no signature that counts/);
  });

  test('without the annotation, or with another value of it', async () => {
    const store = await signed(good({ optional: { env: 'live' } }));
    const asked = (annotations: Record<string, string>): VerifyPolicy => ({ ...policy, annotations });
    assert.equal((await verifyImage(store, '1', asked({ env: 'live' }))).verified.length, 1);
    assert.match(await refused(store, asked({ env: 'test' })), /it says "env" is "live"/);
    assert.match(await refused(store, asked({ env: 'live', toString: 'x' })), /it does not say "toString"/);
    assert.match(await refused(await signed(good()), asked({ env: 'live' })), /it does not say "env"/);
  });

  test('for another name, where the name is asked for', async () => {
    const store = await signed(good({ reference: 'index.docker.io/library/app:2' }));
    const asked = (reference: string): VerifyPolicy => ({ ...policy, reference });
    for (const name of ['docker.io/library/app', 'app:2']) {
      const result: Verification = await verifyImage(store, '1', asked(name));
      assert.equal(result.verified.length, 1, name);
    }
    for (const name of ['app:1', 'quay.io/library/app', 'other'])
      assert.match(await refused(store, asked(name)), /it is for the name/);
    assert.match(await refused(await signed(good({ reference: 'A B' })), asked('app')), /it is for the name "A B"/);
  });
});

test('CAP-I6: only so many signatures are looked at, and that is told', async () => {
  const bad = Array.from({ length: 501 }, (_, at) => by.simpleLayer(Buffer.from(`${at}`), 'AAAA'));
  const store = await signed(...bad);
  await rejection('SIGNATURE_INVALID', verifyImage(store, '1', policy));
  assert.match(await refused(store), /and \d+ more|not all that is attached was looked at/);
  const early = await signed(good(), ...bad);
  const { isCut, verified, rejected } = await verifyImage(early, '1', policy);
  assert.deepEqual([isCut, verified.length, rejected.length], [true, 1, 499]);
});

test('CAP-I6: a policy that says nothing, or too much, is refused before anything is asked', async () => {
  const store = createMemoryStore();
  const certificate = { trustedRoot: '{}', identity: 'a', issuer: 'b' };
  const policies: readonly VerifyPolicy[] = [
    {},
    { keys: [] },
    { ...policy, certificate },
    { certificate: { ...certificate, issuer: undefined } },
    { certificate: { ...certificate, identity: '' } },
    { certificate: { ...certificate, identityRegexp: 'a' } },
    { certificate: { ...certificate, identity: undefined, identityRegexp: '(' } },
    { ...policy, attestation: { type: 'no such type' } },
    { ...policy, attestation: { sourceTag: '1', sourceRef: 'refs/tags/1' } },
    { ...policy, attestation: { type: 'spdx', builderId: 'x' } },
    { ...policy, attestation: {}, reference: 'app' },
  ];
  for (const one of policies) await rejection('USAGE', verifyImage(store, '1', one));
  for (const trustedRoot of ['', '{', '{}', '[]']) {
    await rejection('CONFIG_INVALID', verifyImage(store, '1', { certificate: { ...certificate, trustedRoot } }));
  }
  await rejection('NOT_FOUND', verifyImage(store, '1', policy));
});
