/** What somebody who may push leaves beside a signature: it does not count, and it does not keep what counts from being found. */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, test } from 'node:test';
import { OciError } from '../../../src/errors.ts';
import { digestTagged as attachedIn, type DigestTagged } from '../../../src/graph/digest-tags.ts';
import type { Descriptor } from '../../../src/model/descriptor.ts';
import { OCI_INDEX } from '../../../src/model/media-types.ts';
import type { AttestationPolicy, VerifyPolicy } from '../../../src/node/verify/policy.ts';
import { openBundle } from '../../../src/node/verify/sigstore.ts';
import { verifyImage } from '../../../src/node/verify/verify-image.ts';
import { contentFrom, manifestFromDocument } from '../../../src/store/content.ts';
import type { Content, Store } from '../../../src/store/types.ts';
import { buildImage, putBuilt } from '../../../src/testing/fixtures.ts';
import { rejection } from '../../support/failure.ts';
import * as by from '../../support/signatures.ts';
import { testRegistry } from '../../support/test-registry.ts';

const own = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const policy: VerifyPolicy = { keys: [own.publicKey.export({ type: 'spki', format: 'pem' }).toString()] };
const image = await buildImage({ layers: [] });
const subject: Descriptor = image.manifest.descriptor;
const listTag = subject.digest.replace(':', '-');
const good = by.keySigned(subject, own.privateKey);
const another = by.keySigned(subject, own.privateKey, { optional: { a: 'b' } });
const V1 = 'https://slsa.dev/provenance/v1';
const SPDX = 'https://spdx.dev/Document';

/** An image with a good signature under cosign's tag, and something else beside it. */
async function besides(put: (repository: Store, kept: Store) => Promise<unknown>): Promise<Store> {
  const { repository, registry } = testRegistry();
  await putBuilt(repository, image, { tags: ['1'] });
  await by.putTagged(repository, subject, 'sig', good);
  await put(repository, registry.repository('team/app'));
  return repository;
}

const attachedAs = (source: Store, kind: 'att'): Promise<DigestTagged | undefined> =>
  attachedIn(source, subject.digest, kind);
const listOf = (entry: Descriptor): ReturnType<typeof manifestFromDocument> =>
  manifestFromDocument({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [entry] });

describe('CAP-I6: a signature counts', () => {
  test('beside a list that tells the wrong size of something', async () => {
    const repository = await besides(async (_, kept) => {
      const nobody = { ...subject, digest: `sha256:${'0'.repeat(64)}` as const };
      const { descriptor } = await by.putTagged(kept, nobody, 'sig', another);
      await kept.putManifest(listOf({ ...descriptor, size: descriptor.size + 1 }), { tags: [listTag] });
    });
    const { verified, rejected } = await verifyImage(repository, '1', policy);
    assert.equal(verified.length, 1);
    assert.match(rejected[0]?.reason ?? '', /not the \d+ of its descriptor/);
  });

  test('beside a manifest with more layers than are read', async () => {
    const repository = await besides((own) =>
      by.putTagged(own, subject, 'att', by.simpleLayer(Buffer.from('{}'), 'AA')),
    );
    const { descriptor } = (await attachedAs(repository, 'att')) ?? assert.fail();
    const manifest: Store['manifest'] = async (reference, options) => {
      if (typeof reference !== 'string' && reference.digest === descriptor.digest)
        throw new OciError('LIMIT', 'layers has more than 10000 entries');
      return repository.manifest(reference, options);
    };
    const { verified, rejected } = await verifyImage({ ...repository, manifest }, '1', policy);
    assert.deepEqual([verified.length, rejected[0]?.reason], [1, 'layers has more than 10000 entries']);
  });

  test('beside a layer that says to be elsewhere', async () => {
    const gone = contentFrom(Buffer.from('gone'), good.descriptor.mediaType, {
      annotations: good.descriptor.annotations ?? {},
      urls: ['https://elsewhere.test/blob'],
    });
    const repository = await besides(async (own) => {
      await putBuilt(own, by.referrerOf(subject, gone));
      await own.delete({ blob: gone.descriptor.digest });
    });
    const { verified, rejected } = await verifyImage(repository, '1', policy);
    assert.deepEqual([verified.length, rejected.length], [1, 1]);
    assert.match(rejected[0]?.reason ?? '', /kept elsewhere/);
  });
});

describe('CAP-I8: before it is proved, nothing is read at length:', () => {
  const refusedOf = async (layer: Content, attestation?: AttestationPolicy): Promise<string> => {
    const { repository } = testRegistry();
    await putBuilt(repository, image, { tags: ['1'] });
    await by.putReferrer(repository, subject, layer);
    return (await rejection('SIGNATURE_INVALID', verifyImage(repository, '1', { ...policy, attestation }))).message;
  };
  const many = Array.from({ length: 20_000 }, () => ({}));

  test('a bundle or an envelope of many parts', async () => {
    assert.match(await refusedOf(by.bundleLayer({ many })), /the bundle has more than 10000 parts/);
    const statement = by.envelope(by.statement(subject, SPDX), own.privateKey);
    assert.match(await refusedOf(by.envelopeLayer({ ...statement, many }), { type: 'spdx' }), /more than 10000 parts/);
  });

  test('a long statement, which counts when it is signed', async () => {
    const statement = by.statement(subject, SPDX, { many: 'x'.repeat(1024 * 1024) });
    const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const open = by.envelope(Buffer.concat([statement, Buffer.from('{')]), stranger.privateKey);
    assert.match(await refusedOf(by.envelopeLayer(open), { type: 'spdx' }), /it is not signed with the key/);
    const { repository } = testRegistry();
    await putBuilt(repository, image, { tags: ['1'] });
    await by.putReferrer(repository, subject, by.envelopeLayer(by.envelope(statement, own.privateKey)));
    const { verified } = await verifyImage(repository, '1', { ...policy, attestation: { type: 'spdx' } });
    assert.equal(verified.length, 1);
  });

  test('a certificate or a time stamp that is long', () => {
    const rawBytes = Buffer.alloc(64 * 1024 + 1).toString('base64');
    const content = by.messageContent(Buffer.alloc(32), Buffer.alloc(8));
    for (const material of [
      { certificate: { rawBytes } },
      {
        publicKey: { hint: '' },
        timestampVerificationData: { rfc3161Timestamps: [{ signedTimestamp: rawBytes }] },
      },
    ]) {
      const verificationMaterial = { tlogEntries: [], ...material };
      const bundle = { mediaType: by.BUNDLE, verificationMaterial, ...content };
      assert.throws(() => openBundle(bundle), /a certificate or a time stamp of more than 65536 bytes/);
    }
  });
});

test('CAP-I8: what must be attested is told, and not left empty', async () => {
  const { repository } = testRegistry();
  await putBuilt(repository, image, { tags: ['1'] });
  const provenance = by.statement(subject, V1, { runDetails: { builder: { id: 'x' } } });
  await by.putReferrer(repository, subject, by.envelopeLayer(by.envelope(provenance, own.privateKey)));
  for (const name of ['builderId', 'sourceUri', 'sourceTag', 'sourceRef', 'type']) {
    const asked = { ...policy, attestation: { [name]: '' } };
    await rejection('USAGE', verifyImage(repository, '1', asked));
  }
});

test('CAP-I6: more is listed than is looked at, and that is told', async () => {
  const { repository } = testRegistry();
  await putBuilt(repository, image, { tags: ['1'] });
  const listed = { ...another.descriptor, artifactType: 'application/x.other', annotations: {} };
  const referrers: Store['referrers'] = async function* () {
    for (let at = 0; at < 10_002; at++) yield { ...listed, digest: `sha256:${at.toString(16).padStart(64, '0')}` };
  };
  const { message } = await rejection('SIGNATURE_INVALID', verifyImage({ ...repository, referrers }, '1', policy));
  assert.match(message, /not all that is attached was looked at/);
});
