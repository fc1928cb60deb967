import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Descriptor } from '../../../src/model/descriptor.ts';
import type { CertificatePolicy, VerifyPolicy } from '../../../src/node/verify/policy.ts';
import { verifyImage } from '../../../src/node/verify/verify-image.ts';
import { createMemoryStore } from '../../../src/store/memory.ts';
import type { Content, Store } from '../../../src/store/types.ts';
import { buildImage, putBuilt } from '../../../src/testing/fixtures.ts';
import { sha256 } from '../../support/der.ts';
import {
  dsseEntry,
  fakeSigstore,
  hashedRekord,
  type Leaf,
  type LeafOptions,
  type LogEntry,
  SIGNED_AT,
} from '../../support/fake-sigstore.ts';
import { rejection } from '../../support/failure.ts';
import * as by from '../../support/signatures.ts';

const world = fakeSigstore();
const ISSUER = 'https://issuer.test';
const ME = 'me@lading.test';
const usual: CertificatePolicy = { trustedRoot: world.root(), identity: ME, issuer: ISSUER };

const image = await buildImage({ layers: [] });
const subject: Descriptor = image.manifest.descriptor;
const SIGN = 'https://sigstore.dev/cosign/sign/v1';
const SPDX = 'https://spdx.dev/Document';

const later = (minutes: number): Date => new Date(SIGNED_AT.getTime() + minutes * 60_000);

/** cosign's own way: the certificate and the log's promise are annotations. */
function classic(
  leaf: Leaf,
  change: (annotations: Record<string, string>) => Record<string, string> = (same) => same,
  at?: Date,
): Content {
  const payload = by.simplePayload(subject.digest);
  const signature = by.signBytes(payload, leaf.privateKey);
  const { annotation } = world.entry(hashedRekord(payload, signature)(leaf), at);
  const annotations = { 'dev.sigstore.cosign/certificate': leaf.pem, 'dev.sigstore.cosign/bundle': annotation };
  return by.simpleLayer(payload, signature, change(annotations));
}

const material = (leaf: Leaf, ...entries: readonly LogEntry[]): object => ({
  certificate: { rawBytes: leaf.der.toString('base64') },
  tlogEntries: entries.map(({ bundle }) => bundle),
});

function message(leaf: Leaf): Content {
  const { bytes } = image.manifest;
  const signature = by.signBytes(bytes, leaf.privateKey);
  return by.bundleLayer(
    by.messageContent(sha256(bytes), signature),
    material(leaf, world.entry(hashedRekord(bytes, signature)(leaf))),
  );
}

/** A statement in a bundle; the log may have another's entry for it. */
function stated(leaf: Leaf, { type = SIGN, about = subject, logged = leaf } = {}): Content {
  const payload = by.statement(about, type);
  const dsseEnvelope = by.envelope(payload, leaf.privateKey);
  const signature = Buffer.from(dsseEnvelope.signatures[0]?.sig ?? '', 'base64');
  return by.bundleLayer({ dsseEnvelope }, material(leaf, world.entry(dsseEntry(payload, signature)(logged))));
}

async function holding(...layers: readonly Content[]): Promise<Store> {
  const store = createMemoryStore();
  await putBuilt(store, image, { tags: ['1'] });
  for (const layer of layers) {
    if (layer.descriptor.mediaType === by.BUNDLE) await by.putReferrer(store, subject, layer);
    else await by.putTagged(store, subject, layer.descriptor.mediaType.includes('dsse') ? 'att' : 'sig', layer);
  }
  return store;
}

const leaf = (options?: LeafOptions): Leaf => world.leaf(options);
const asked = (change: Partial<CertificatePolicy> = {}): VerifyPolicy => ({ certificate: { ...usual, ...change } });

async function refused(layer: Content, policy: VerifyPolicy = asked()): Promise<string> {
  return (await rejection('SIGNATURE_INVALID', verifyImage(await holding(layer), '1', policy))).message;
}

async function counts(layer: Content, policy: VerifyPolicy = asked()): Promise<void> {
  const { verified } = await verifyImage(await holding(layer), '1', policy);
  assert.deepEqual(
    verified.map(({ signer }) => 'identity' in signer),
    [true],
  );
}

describe('CAP-I6: a signature with a certificate', () => {
  test('counts in cosign’s annotations, in a bundle of the manifest, and in one of a statement', async () => {
    for (const layer of [classic(leaf()), message(leaf()), stated(leaf())]) {
      const { verified } = await verifyImage(await holding(layer), '1', asked());
      assert.deepEqual(
        verified.map(({ signer }) => signer),
        [{ identity: ME, issuer: ISSUER }],
      );
    }
  });

  test('counts for whom the policy means, told exactly or by an expression', async () => {
    const workflow = 'https://github.com/acme/app/.github/workflows/ci.yml@refs/heads/main';
    const layer = classic(leaf({ identity: workflow, issuer: 'https://token.test' }));
    const meant = { identity: undefined, issuer: undefined };
    await counts(layer, asked({ identity: workflow, issuer: 'https://token.test' }));
    await counts(layer, asked({ ...meant, identityRegexp: '^https://github\\.com/acme/', issuerRegexp: 'token' }));
    assert.match(
      await refused(layer, asked({ identity: workflow.slice(0, -1), issuer: 'https://token.test' })),
      /it is signed by "https:/,
    );
    assert.match(await refused(layer, asked({ identity: workflow })), /whom "https:\/\/token\.test" knows/);
    await refused(layer, asked({ ...meant, identityRegexp: '^https://github\\.com/evil/', issuerRegexp: '.' }));
    await refused(layer, asked({ identity: workflow.toUpperCase(), issuer: 'https://token.test' }));
  });

  test('does not count for an authority that is not trusted, or was no longer when it was made', async () => {
    for (const layer of [classic(leaf()), message(leaf()), stated(leaf())]) {
      assert.match(await refused(layer, asked({ trustedRoot: fakeSigstore().root() })), /it is not proved/);
      assert.match(await refused(layer, asked({ trustedRoot: world.root({ until: later(-60) }) })), /it is not proved/);
    }
  });

  test('does not count when it was made after the certificate had ended', async () => {
    assert.match(await refused(classic(leaf(), undefined, later(60))), /not valid or expired/);
    await counts(classic(leaf({ until: later(90) }), undefined, later(60)));
  });

  test('does not count without an entry in the log of signatures, or with a damaged or foreign one', async () => {
    const other = classic(leaf()).descriptor.annotations?.['dev.sigstore.cosign/bundle'] ?? '';
    const without = (name: string) => (all: Record<string, string>) =>
      Object.fromEntries(Object.entries(all).filter(([key]) => key !== name));
    const entry = (text: (before: string) => string) => (all: Record<string, string>) => ({
      ...all,
      'dev.sigstore.cosign/bundle': text(all['dev.sigstore.cosign/bundle'] ?? ''),
    });
    assert.match(await refused(classic(leaf(), without('dev.sigstore.cosign/bundle'))), /expected 1/);
    assert.match(await refused(classic(leaf(), without('dev.sigstore.cosign/certificate'))), /brings no certificate/);
    for (const text of ['', '{', '{}', '{"Payload":{}}', '{"Payload":{"body":"e30="}}', other])
      await refused(
        classic(
          leaf(),
          entry(() => text),
        ),
      );
    await refused(
      classic(
        leaf(),
        entry((before) => before.replace(/"integratedTime":(\d+)/, '"integratedTime":1714979300')),
      ),
    );
    for (const pem of ['', 'x', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----']) {
      await refused(classic(leaf(), (all) => ({ ...all, 'dev.sigstore.cosign/certificate': pem })));
    }
  });

  test('does not count when the log has it under another key', async () => {
    assert.match(await refused(stated(leaf(), { logged: leaf() })), /the entry of the log is about another key/);
  });

  test('does not count without a promise to log the certificate, where the root names such a log', async () => {
    const unlogged = stated(leaf({ isLogged: false }));
    assert.match(await refused(unlogged), /expected 1 SCTs, got 0/);
  });

  test('does not count when only the log would tell its time, and none is trusted', async () => {
    assert.match(
      await refused(stated(leaf()), asked({ trustedRoot: world.root({ withoutLogs: true }) })),
      /it is not proved/,
    );
  });

  test('does not count of another image, with a key, or by another key than the certificate’s', async () => {
    const other = await buildImage({ layers: [{ files: { a: 'b' } }] });
    assert.match(
      await refused(stated(leaf(), { about: other.manifest.descriptor })),
      /a statement about other digests/,
    );
    const [one, two] = [leaf(), leaf()];
    assert.match(await refused(by.keySigned(subject, one.privateKey)), /brings no certificate/);
    await refused(message({ ...one, privateKey: two.privateKey }));
    const keyed = by.bundleLayer({ dsseEnvelope: by.envelope(by.statement(subject, SIGN), one.privateKey) });
    assert.match(await refused(keyed), /brings no certificate/);
  });

  test('does not count, and ends soon, where a bundle is made to be read for ever', async () => {
    const made = leaf();
    const { bytes } = image.manifest;
    const signature = by.signBytes(bytes, made.privateKey);
    const { bundle } = world.entry(hashedRekord(bytes, signature)(made));
    const { inclusionProof } = bundle as { inclusionProof: { checkpoint: { envelope: string } } };
    const envelope = inclusionProof.checkpoint.envelope.replace(/— \S+/, '— (.*)*(.*)*(.*)*(.*)*(.*)*x');
    const proofs = [
      { ...inclusionProof, checkpoint: { envelope } },
      { ...inclusionProof, hashes: Array(65).fill('AAAA') },
      { ...inclusionProof, checkpoint: { envelope: `a\n${'9'.repeat(100_000)}\nb\n\n` } },
    ];
    for (const proof of proofs) {
      const entry: LogEntry = { annotation: '', bundle: { ...bundle, inclusionProof: proof } };
      const layer = by.bundleLayer(by.messageContent(sha256(bytes), signature), material(made, entry));
      assert.match(await refused(layer), /proof of inclusion is malformed/);
    }
  });
});

test('CAP-I6 CAP-I8: an attestation with a certificate counts, in cosign’s annotations and in a bundle', async () => {
  const made = leaf();
  const payload = by.statement(subject, SPDX);
  const envelope = by.envelope(payload, made.privateKey);
  const { annotation } = world.entry(
    dsseEntry(payload, Buffer.from(envelope.signatures[0]?.sig ?? '', 'base64'))(made),
  );
  const annotations = { 'dev.sigstore.cosign/certificate': made.pem, 'dev.sigstore.cosign/bundle': annotation };
  const policy: VerifyPolicy = { ...asked(), attestation: { type: 'spdx' } };
  await counts(by.envelopeLayer(envelope, annotations), policy);
  await counts(stated(made, { type: SPDX }), policy);
  await refused(stated(made, { type: SPDX }));
});
