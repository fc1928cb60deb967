/** Signatures between skopeo and this program, in Debian's registry: each verifies what the other, or this test, has signed. */
import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type CliResult, cli } from '../support/cli.ts';
import { keySigned, putTagged } from '../support/signatures.ts';
import { cosignPrivateKey } from '../support/real/cosign-key.ts';
import { type DockerRegistry, startDockerRegistry } from '../support/real/docker-registry.ts';
import { needs } from '../support/real/find-tool.ts';
import { run } from '../support/real/run.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/real/temporary.ts';
import { createClient } from '../../src/node/client.ts';
import type { Descriptor } from '../../src/model/descriptor.ts';
import { buildImage, putBuilt } from '../../src/testing/fixtures.ts';

const pair = (): { publicKey: KeyObject; privateKey: KeyObject } => generateKeyPairSync('ec', { namedCurve: 'P-256' });
const own = pair();
const stranger = pair();

describe('CAP-I6: signatures, with skopeo as the judge', needs('skopeo', 'docker-registry'), () => {
  let work: TemporaryDirectory;
  let registry: DockerRegistry;
  const client = createClient();
  before(async () => {
    work = await temporaryDirectory('verify');
    registry = await startDockerRegistry();
    const docker = { default: {}, [registry.host]: { 'use-sigstore-attachments': true } };
    await mkdir(join(work.path, 'registries.d'));
    await writeFile(
      join(work.path, 'registries.d', 'all.yaml'),
      JSON.stringify({ docker: { [registry.host]: docker[registry.host] } }),
    );
    for (const [name, { publicKey }] of [
      ['own', own],
      ['stranger', stranger],
    ] as const)
      await writeFile(at(`${name}.pub`), publicKey.export({ type: 'spki', format: 'pem' }));
  });
  after(async () => {
    await client.close();
    await registry?.[Symbol.asyncDispose]?.();
    await work?.remove();
  });

  const at = (name: string): string => join(work.path, name);
  const name = (tag: string): string => `${registry.host}/team/app:${tag}`;
  const lading = (key: string, tag: string): Promise<CliResult> =>
    cli(['verify', '--check-reference', '--key', at(`${key}.pub`), name(tag)]);

  /** Does skopeo take the image under a policy that wants this key? */
  async function skopeoTakes(key: string, tag: string): Promise<boolean> {
    const rule = { type: 'sigstoreSigned', keyPath: at(`${key}.pub`), signedIdentity: { type: 'matchRepository' } };
    await writeFile(
      at('policy.json'),
      JSON.stringify({ default: [{ type: 'reject' }], transports: { docker: { [registry.host]: [rule] } } }),
    );
    const target = at(`taken-${crypto.randomUUID()}`);
    const how = ['--policy', at('policy.json'), '--registries.d', at('registries.d'), '--tmpdir', work.path];
    try {
      await run('skopeo', [
        ...how,
        'copy',
        '--quiet',
        '--remove-signatures',
        '--src-tls-verify=false',
        `docker://${name(tag)}`,
        `dir:${target}`,
      ]);
      return true;
    } catch (error) {
      assert.match(String(error), /signature|verif/i);
      return false;
    } finally {
      await rm(target, { recursive: true, force: true });
    }
  }

  async function put(tag: string): Promise<Descriptor> {
    const image = await buildImage({ layers: [{ files: { tag } }] });
    await putBuilt(client.repository(name(tag)), image, { tags: [tag] });
    return image.manifest.descriptor;
  }

  test('agrees on those made here', async () => {
    const image = await put('here');
    const other = await put('other');
    const repository = client.repository(name('here'));
    const reference = `${registry.host}/team/app`;
    await putTagged(repository, image, 'sig', keySigned(image, own.privateKey, { reference }));
    await putTagged(repository, other, 'sig', keySigned(image, own.privateKey, { reference }));
    for (const [key, tag, counts] of [
      ['own', 'here', true],
      ['stranger', 'here', false],
      ['own', 'other', false],
    ] as const) {
      assert.equal(await skopeoTakes(key, tag), counts, `skopeo, ${key} ${tag}`);
      const { code, stderr } = await lading(key, tag);
      assert.equal(code, counts ? 0 : 5, stderr);
    }
  });

  test('counts those that skopeo makes', async () => {
    await put('plain');
    await writeFile(at('own.key'), cosignPrivateKey(own.privateKey, 'secret'));
    await writeFile(at('password'), 'secret\n');
    const how = ['--insecure-policy', '--registries.d', at('registries.d'), '--tmpdir', work.path, 'copy', '--quiet'];
    const sign = ['--sign-by-sigstore-private-key', at('own.key'), '--sign-passphrase-file', at('password')];
    const ends = [
      '--src-tls-verify=false',
      '--dest-tls-verify=false',
      `docker://${name('plain')}`,
      `docker://${name('signed')}`,
    ];
    await run('skopeo', [...how, ...sign, ...ends]);
    const { code, stdout, stderr } = await lading('own', 'signed');
    assert.equal(code, 0, stderr);
    assert.match(stdout, /: verified\nsignature: the key sha256:[0-9a-f]{64} {2}cosign \.sig\n$/);
    assert.equal((await lading('stranger', 'signed')).code, 5);
  });
});
