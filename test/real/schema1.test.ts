/**
 * Images of schema 1 in the last registry that keeps them: distribution 2.8, which judges the signatures that it is given,
 * and signs with libtrust what it gives. skopeo says what it makes of the converted image.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { copy } from '../../src/graph/copy.ts';
import { imageConfig } from '../../src/graph/select.ts';
import { convertSchema1 } from '../../src/image/schema1/schema1.ts';
import { SCHEMA1_TYPES } from '../../src/model/media-types.ts';
import { nodeTransport } from '../../src/node/http/transport.ts';
import { type Client, createClient } from '../../src/registry/client.ts';
import type { Repository } from '../../src/registry/repository.ts';
import { putImage } from '../../src/testing/fixtures.ts';
import { type BuiltSchema1, buildSchema1, putSchema1Blobs, type Schema1Spec } from '../../src/testing/schema1.ts';
import { cli } from '../support/cli.ts';
import { rejection } from '../support/failure.ts';
import { type DockerRegistry, startDockerRegistry } from '../support/real/docker-registry.ts';
import { needs } from '../support/real/find-tool.ts';
import { rawRequest } from '../support/real/raw-request.ts';
import { run } from '../support/real/run.ts';
import { skopeoCopy } from '../support/real/skopeo.ts';
import { temporaryDirectory } from '../support/real/temporary.ts';
import { oldImage, replaced } from '../support/schema1.ts';

/** skopeo would compress what is not. */
const steps: Schema1Spec['steps'] = [
  { layer: { files: { 'etc/name': 'old\n' } }, createdBy: 'ADD etc' },
  { createdBy: 'ENV MODE=test' },
  { layer: { files: { 'bin/app': 'x' } }, createdBy: 'ADD bin' },
];

let registry: DockerRegistry;
let client: Client;
let repository: Repository;
let image: BuiltSchema1;

describe('schema 1 in a real registry', needs('docker-registry', 'skopeo'), () => {
  before(async () => {
    registry = await startDockerRegistry({ schema1: true });
    client = createClient({ transport: nodeTransport({ proxy: false }) });
    repository = client.repository(`${registry.host}/team/app`);
    image = await putSchema1Blobs(repository, await buildSchema1({ ...oldImage, steps }));
    assert.equal(await push(image.bytes), 201);
  });
  after(async () => {
    await client?.close();
    await registry?.stop();
  });

  test('it takes what the fixtures sign, and not what was changed since', async () => {
    const head = await repository.resolve('old');
    assert.equal(head?.digest, image.digest);
    assert.equal(head?.mediaType, image.mediaType);
    assert.notEqual(await push(replaced(image.bytes, '"amd64"', '"arm64"')), 201);
  });

  test('D13 READ-10 NODE-31: is read by tag and by digest, with the signature of libtrust', async () => {
    for (const reference of ['old', image.digest]) {
      const read = await repository.schema1(reference);
      assert.equal(read.digest, image.digest);
      assert.deepEqual(read.payload, image.payload);
      assert.equal(typeof read.signatures[0]?.header.jwk?.kid, 'string');
      const raw = await repository.rawManifest(reference, { accept: SCHEMA1_TYPES });
      assert.equal(raw.digest, image.digest);
      await rejection('VERSION_UNSUPPORTED', repository.manifest(reference));
    }
  });

  test('an image of today is read as the schema 1 manifest that the registry makes of it', async () => {
    const files = { 'etc/name': 'today\n' };
    await putImage(repository, { family: 'docker', layers: [{ files }], config: { history: [{}] }, tags: ['today'] });
    const read = await repository.schema1('today');
    assert.equal(read.digest, read.response?.headers['docker-content-digest']);
    const { source, root } = await convertSchema1(repository, read);
    const today = await repository.manifest('today');
    const ours = await imageConfig(source, await source.manifest(root));
    assert.deepEqual(ours?.rootfs, (await imageConfig(repository, today))?.rootfs);
  });

  test('RUBY-46: converted, it is what skopeo makes of it: the same layers and diff ids', async () => {
    const { source, root } = await convertSchema1(repository, await repository.schema1('old'));
    await copy(source, root, repository, { tags: ['converted'] });
    const skopeo = { host: registry.host };
    await skopeoCopy(
      { registry: skopeo, reference: 'team/app:old' },
      { registry: skopeo, reference: 'team/app:theirs' },
      { format: 'v2s2' },
    );
    const [ours, theirs] = await Promise.all(['converted', 'theirs'].map(inspected));
    assert.deepEqual(ours, theirs);
  });

  test('the command copies, pulls and prints it', async (t) => {
    const work = await temporaryDirectory('schema1');
    t.after(work.remove);
    const name = `${registry.host}/team/app`;
    const command = async (...argv: string[]): Promise<string> => {
      const { code, stdout, stderr } = await cli(argv, { cwd: work.path });
      assert.equal(code, 0, stderr);
      return stdout;
    };
    assert.equal(await command('digest', `${name}:old`), `${image.digest}\n`);
    assert.match(await command('manifest', `${name}@${image.digest}`), /"signatures"/);
    await command('copy', `${name}:old`, `${name}:copied`);
    assert.deepEqual(await inspected('copied'), await inspected('converted'));
    await command('pull', `${name}:old`, 'layout');
    await command('validate', 'oci:layout:old');
    assert.equal((await command('pull', '--layers', 'files', `${name}:old`)).trimEnd().split('\n').length, 3);
  });
});

async function push(body: Uint8Array): Promise<number> {
  const url = `${registry.url}/v2/team/app/manifests/old`;
  return (await rawRequest({ url, method: 'PUT', headers: { 'content-type': image.mediaType }, body })).status;
}

/** What skopeo says of an image, but for its digest and docker's version, which tells nothing of it. */
async function inspected(tag: string): Promise<object> {
  const name = `docker://${registry.host}/team/app:${tag}`;
  const inspect = async (...flags: string[]): Promise<Record<string, unknown>> => {
    const bytes = await run('skopeo', ['inspect', '--tls-verify=false', '--no-tags', ...flags, name]);
    return JSON.parse(Buffer.from(bytes).toString()) as Record<string, unknown>;
  };
  const { Digest: _, DockerVersion: __, ...about } = await inspect();
  const { rootfs, history, config, os, architecture, created } = await inspect('--config');
  return { ...about, rootfs, history, config, os, architecture, created };
}
