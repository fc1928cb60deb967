import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { ToldVerification } from '../../src/cli/commands/verify.ts';
import { parsePublicKey } from '../../src/node/verify/public-key.ts';
import { type CliOptions, type CliResult, cli } from '../support/cli.ts';
import { openWorld, type World } from '../support/cli-world.ts';
import { fakeSigstore, hashedRekord } from '../support/fake-sigstore.ts';
import * as by from '../support/signatures.ts';

const pair = (): { publicKey: KeyObject; privateKey: KeyObject } => generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pem = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString();
const own = pair();
const stranger = pair();
const { fingerprint } = parsePublicKey(pem(own.publicKey));
const sigstore = fakeSigstore();
const V1 = 'https://slsa.dev/provenance/v1';
const SPDX = 'https://spdx.dev/Document';
const workflow = { repository: 'https://github.com/acme/app', ref: 'refs/tags/v1' };
const provenance = {
  buildDefinition: { externalParameters: { workflow } },
  runDetails: { builder: { id: 'https://builder.test' } },
};

let world: World;
let cwd: string;
before(async () => {
  world = await openWorld();
  cwd = await mkdtemp(join(tmpdir(), 'lading-verify-'));
  await writeFile(join(cwd, 'own.pub'), pem(own.publicKey));
  await writeFile(join(cwd, 'stranger.pub'), pem(stranger.publicKey));
  await writeFile(join(cwd, 'own.key'), own.privateKey.export({ type: 'pkcs8', format: 'pem' }));
  await writeFile(join(cwd, 'root.json'), sigstore.root());
  await fill();
});
after(async () => {
  await world.close();
  await rm(cwd, { recursive: true, force: true });
});

/** `team/app`, the index: a signature that counts beside one that does not, an attestation of each kind. `team/single`: a certificate. */
async function fill(): Promise<void> {
  const app = world.registry.repository('team/app');
  const image = world.app.manifest.descriptor;
  const good = by.keySigned(image, own.privateKey, { reference: `${world.host}/team/app`, optional: { env: 'live' } });
  await by.putTagged(app, image, 'sig', by.keySigned(image, stranger.privateKey), good);
  const attested = [
    [V1, provenance],
    [SPDX, { name: '\u001b[31msbom' }],
  ] as const;
  const layers = attested.map(([type, predicate]) =>
    by.envelopeLayer(by.envelope(by.statement(image, type, predicate), own.privateKey)),
  );
  await by.putTagged(app, image, 'att', ...layers);
  const single = world.single.manifest.descriptor;
  const leaf = sigstore.leaf();
  const payload = by.simplePayload(single.digest);
  const signature = by.signBytes(payload, leaf.privateKey);
  const { annotation } = sigstore.entry(hashedRekord(payload, signature)(leaf));
  const annotations = { 'dev.sigstore.cosign/certificate': leaf.pem, 'dev.sigstore.cosign/bundle': annotation };
  await by.putTagged(
    world.registry.repository('team/single'),
    single,
    'sig',
    by.simpleLayer(payload, signature, annotations),
  );
}

async function run(line: string, options: CliOptions = {}): Promise<CliResult> {
  const argv = line.split(' ').map((word) => word.replaceAll('REGISTRY', world.host));
  const result = await cli(['verify', ...argv], { cwd, ...options });
  return { ...result, stdout: world.neutral(result.stdout), stderr: world.neutral(result.stderr) };
}

async function done(line: string): Promise<string> {
  const { code, stdout, stderr } = await run(line);
  assert.equal(code, 0, `${line}: ${stderr}`);
  return stdout;
}

async function refused(line: string, code: number): Promise<string> {
  const result = await run(line);
  assert.equal(result.code, code, `${line}: ${result.stdout}${result.stderr}`);
  assert.equal(result.stdout, '');
  return result.stderr;
}

const KEYLESS =
  '--trusted-root root.json --certificate-identity me@lading.test --certificate-oidc-issuer https://issuer.test';

describe('CAP-I6: verify', () => {
  test('prints the digest that is signed and who signed it; what does not count is a warning', async () => {
    const { code, stdout, stderr } = await run('--key own.pub REGISTRY/team/app:1.0');
    const { digest } = world.app.manifest.descriptor;
    assert.equal(code, 0, stderr);
    assert.equal(stdout, `REGISTRY/team/app:1.0@${digest}: verified\nsignature: the key ${fingerprint}  cosign .sig\n`);
    assert.match(stderr, /^warning: sha256:[0-9a-f]{64} does not count: it is not signed with the key\n$/);
    assert.equal(await done('-q --key own.pub REGISTRY/team/app:1.0'), `REGISTRY/team/app:1.0@${digest}\n`);
  });

  test('tells all of it as JSON', async () => {
    const told = JSON.parse(await done('--json --key own.pub REGISTRY/team/app:1.0')) as ToldVerification;
    const { digest } = world.app.manifest.descriptor;
    const [one] = told.verified;
    assert.deepEqual(Object.keys(told), ['reference', 'digest', 'verified', 'rejected', 'complete']);
    assert.deepEqual([told.digest, told.complete, told.verified.length, told.rejected.length], [digest, true, 1, 1]);
    assert.deepEqual([one?.subject, one?.signer, one?.annotations], [digest, { key: fingerprint }, { env: 'live' }]);
    assert.equal(one?.reference, `${world.host}/team/app`.replace(world.host, 'REGISTRY'));
    assert.deepEqual(Object.keys(one?.payload ?? {}), ['critical', 'optional']);
  });

  test('takes any of several keys, and annotations and the name where they are asked for', async () => {
    await done(
      '--key stranger.pub --key own.pub -a env=live --check-reference REGISTRY/team/app:1.0'.replace(
        '--key stranger.pub ',
        '',
      ),
    );
    const told = JSON.parse(
      await done('--json --key stranger.pub --key own.pub REGISTRY/team/app'),
    ) as ToldVerification;
    assert.equal(told.verified.length, 2);
    assert.match(await refused('--key own.pub -a env=test REGISTRY/team/app', 5), /\(SIGNATURE_INVALID\)/);
    assert.match(
      await refused('--key stranger.pub --check-reference REGISTRY/team/app', 5),
      /it is for the name "registry\.test\/team\/app"/,
    );
  });

  test('verifies a platform by the signature of its index', async () => {
    const out = await done('--key own.pub --platform linux/arm64 REGISTRY/team/app');
    assert.match(out, /: verified\nsignature: the key sha256:[0-9a-f]{64} {2}for its index {2}cosign \.sig\n$/);
    assert.ok(!out.includes(world.app.manifest.descriptor.digest));
  });

  test('verifies a certificate offline, and only whose it is', async () => {
    assert.match(
      await done(`${KEYLESS} REGISTRY/team/single:1`),
      /\nsignature: me@lading\.test \(https:\/\/issuer\.test\) {2}cosign \.sig\n$/,
    );
    assert.match(
      await refused(`${KEYLESS.replace('me@', 'you@')} REGISTRY/team/single:1`, 5),
      /it is signed by "me@lading\.test"/,
    );
    const expressions = KEYLESS.replace('-identity me@lading.test', '-identity-regexp ^me@').replace(
      '-issuer ',
      '-issuer-regexp ',
    );
    await done(`${expressions} REGISTRY/team/single:1`);
  });

  test('ends with 5 where there is none, with 3 where there is no image, with 2 or 1 where nobody is asked for', async () => {
    assert.match(await refused('--key own.pub REGISTRY/team/single:1', 5), /the key \(SIGNATURE_INVALID\)\n$/);
    assert.match(
      await refused('--key own.pub --external REGISTRY/none REGISTRY/team/app', 5),
      /has no signature \(SIGNATURE_INVALID\); hint: /,
    );
    await refused('--key own.pub REGISTRY/team/app:9', 3);
    assert.match(await refused('REGISTRY/team/app', 2), /whose signature is wanted/);
    assert.match(
      await refused('--certificate-identity a --certificate-oidc-issuer b REGISTRY/team/app', 2),
      /--trusted-root/,
    );
    await refused('--trusted-root root.json REGISTRY/team/app', 2);
    await refused('--trusted-root root.json --key own.pub REGISTRY/team/app', 2);
    await refused('--key own.pub --check-reference oci:./images:1', 2);
    assert.match(await refused('--key own.key REGISTRY/team/app', 1), /a private key \(CONFIG_INVALID\)/);
    assert.match(await refused('--key none.pub REGISTRY/team/app', 1), /none\.pub.*\(IO\)/);
    assert.match(
      await refused('--trusted-root own.pub --certificate-identity a --certificate-oidc-issuer b REGISTRY/team/app', 1),
      /CONFIG_INVALID/,
    );
  });
});

describe('CAP-I8: verify', () => {
  test('prints an attestation of a type, with its payload as JSON, and nothing that a terminal obeys', async () => {
    assert.match(
      await done('--key own.pub --type spdxjson REGISTRY/team/app'),
      /\nhttps:\/\/spdx\.dev\/Document: the key sha256:\w+ {2}cosign \.att\n$/,
    );
    const text = await done('--key own.pub --type spdxjson --json REGISTRY/team/app');
    assert.doesNotMatch(text, /\u001b/);
    const { verified } = JSON.parse(text) as ToldVerification;
    assert.deepEqual(
      verified.map(({ payload }) => payload?.predicate),
      [{ name: '\u001b[31msbom' }],
    );
    assert.match(await refused('--key own.pub --type vuln REGISTRY/team/app', 5), /has no attestation of/);
    assert.match(await refused('--key own.pub --type nonsense REGISTRY/team/app', 2), /slsaprovenance1/);
  });

  test('holds provenance to its builder and source', async () => {
    const wanted = '--builder-id https://builder.test --source-uri github.com/acme/app --source-tag v1';
    const line = `${V1}: the key ${fingerprint}  built from https://github.com/acme/app at refs/tags/v1  by https://builder.test  cosign .att\n`;
    assert.ok((await done(`--key own.pub ${wanted} REGISTRY/team/app`)).endsWith(line));
    for (const [from, to] of [
      ['builder.test', 'evil.test'],
      ['acme', 'evil'],
      ['v1', 'v2'],
    ] as const) {
      const text = await refused(`--key own.pub ${wanted.replace(from, to)} REGISTRY/team/app`, 5);
      assert.match(text, /it was built (?:by|from)/);
    }
    assert.match(await refused(`--key stranger.pub ${wanted} REGISTRY/team/app`, 5), /it is not signed with the key/);
  });
});

describe('CAP-I6: a key that is none says what to do', () => {
  test('a URL of a key service, without what it may hold', async () => {
    const text = await refused('--key awskms://user:secret@kms.test/alias REGISTRY/team/app', 2);
    assert.match(text, /--key takes a file.*cosign public-key/);
    assert.doesNotMatch(text, /secret/);
  });

  test('a certificate', async () => {
    await writeFile(join(cwd, 'leaf.pem'), sigstore.leaf().pem);
    assert.match(await refused('--key leaf.pem REGISTRY/team/app', 1), /is a certificate.*openssl x509 -pubkey/);
  });
});
