/** The guide to verifying: each of its commands works, on an image that is signed as it says, and fails on one that is not. */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { buildImage, putBuilt } from '../../src/testing/fixtures.ts';
import { cli } from '../support/cli.ts';
import { openWorld, type World } from '../support/cli-world.ts';
import { codeBlocks } from '../support/code-blocks.ts';
import { fakeSigstore, hashedRekord } from '../support/fake-sigstore.ts';
import * as by from '../support/signatures.ts';

const GUIDE = 'docs/guides/verify.md';
const own = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const sigstore = fakeSigstore();

let world: World;
let cwd: string;
before(async () => {
  world = await openWorld();
  cwd = await mkdtemp(join(tmpdir(), 'lading-guide-'));
  await writeFile(join(cwd, 'cosign.pub'), own.publicKey.export({ type: 'spki', format: 'pem' }));
  await writeFile(join(cwd, 'trusted_root.json'), sigstore.root());
  const repository = world.registry.repository('o/app');
  const image = await buildImage({ layers: [] });
  const subject = image.manifest.descriptor;
  await putBuilt(repository, image, { tags: ['1'] });
  await putBuilt(world.registry.repository('o/unsigned'), image, { tags: ['1'] });
  const leaf = sigstore.leaf({ identity: 'me@example.org', issuer: 'https://github.com/login/oauth' });
  const payload = by.simplePayload(subject.digest);
  const signature = by.signBytes(payload, leaf.privateKey);
  const { annotation } = sigstore.entry(hashedRekord(payload, signature)(leaf));
  const keyless = { 'dev.sigstore.cosign/certificate': leaf.pem, 'dev.sigstore.cosign/bundle': annotation };
  const named = { reference: `${world.host}/o/app`, optional: { env: 'live' } };
  const signatures = [by.keySigned(subject, own.privateKey, named), by.simpleLayer(payload, signature, keyless)];
  await by.putTagged(repository, subject, 'sig', ...signatures);
  const workflow = { repository: 'https://github.com/o/app', ref: 'refs/tags/v1' };
  const builder = { id: 'https://builder.example.org/v1' };
  const provenance = { buildDefinition: { externalParameters: { workflow } }, runDetails: { builder } };
  const attested = [
    ['https://slsa.dev/provenance/v1', provenance],
    ['https://spdx.dev/Document', {}],
  ] as const;
  const statements = attested.map(([type, predicate]) => by.statement(subject, type, predicate));
  await by.putTagged(
    repository,
    subject,
    'att',
    ...statements.map((one) => by.envelopeLayer(by.envelope(one, own.privateKey))),
  );
});
after(async () => {
  await world.close();
  await rm(cwd, { recursive: true, force: true });
});

test('CAP-I6 CAP-I8: the commands of the guide do what it says', async () => {
  const lines = (await codeBlocks(GUIDE, 'sh')).flatMap((block) => block.trim().split('\n'));
  assert.ok(lines.length >= 6);
  for (const line of lines) {
    const [program, ...args] = line.split(' ');
    assert.equal(program, 'lading');
    const run = (image: string): ReturnType<typeof cli> =>
      cli(
        args.map((word) => word.replace('ghcr.io/o/app:1', `${world.host}/${image}`)),
        { cwd },
      );
    const { code, stderr } = await run('o/app:1');
    assert.equal(code, 0, `${line}: ${stderr}`);
    assert.equal((await run('o/unsigned:1')).code, 5, line);
  }
  assert.ok((await readFile(GUIDE, 'utf8')).includes('SIGNATURE_INVALID'));
});
