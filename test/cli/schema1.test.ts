import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { digestOf } from '../../src/bytes/hash.ts';
import { DOCKER_MANIFEST, DOCKER_SCHEMA1_SIGNED } from '../../src/model/media-types.ts';
import { validate } from '../../src/graph/validate.ts';
import { directoryStore } from '../../src/node/directory/directory.ts';
import { type BuiltSchema1, buildSchema1, putSchema1Blobs, servesSchema1 } from '../../src/testing/schema1.ts';
import { type CliResult, cli } from '../support/cli.ts';
import { oldImage, replaced } from '../support/schema1.ts';
import { type ServedRegistry, servedRegistry } from '../support/served-registry.ts';

let served: ServedRegistry;
let image: BuiltSchema1;
let folder: string;

before(async () => {
  image = await buildSchema1(oldImage);
  const changed = { ...image, tag: 'changed', bytes: replaced(image.bytes, '"amd64"', '"arm64"') };
  served = await servedRegistry([servesSchema1(image, changed)]);
  await putSchema1Blobs(served.registry.repository('team/app'), image);
  folder = await mkdtemp(path.join(tmpdir(), 'lading-schema1-'));
});
after(async () => {
  await served.close();
  await rm(folder, { recursive: true });
});

/** OLD is the schema 1 image, APP its repository. */
function run(line: string): Promise<CliResult> {
  const name = `${served.host}/team/app`;
  return cli(line.replaceAll('OLD', `${name}:old`).replaceAll('APP', name).split(' '), { cwd: folder });
}

async function json(line: string): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await run(line);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as Record<string, unknown>;
}

test('D13 READ-10: manifest gives the bytes as they are, digest that of the payload', async () => {
  for (const reference of ['OLD', `APP@${image.digest}`]) {
    assert.ok((await run(`manifest get ${reference}`)).stdoutBytes.equals(image.bytes));
    const { digest, mediaType } = await json(`digest --json ${reference}`);
    assert.equal(digest, image.digest);
    assert.equal(mediaType, DOCKER_SCHEMA1_SIGNED);
  }
  assert.equal(digestOf(image.payload), image.digest);
});

test('copy converts it, and says so', async () => {
  const { code, stdout, stderr } = await run('copy OLD APP:copied,again');
  assert.equal(code, 0, stderr);
  assert.equal(stderr.split('converted from schema 1').length, 2, stderr);
  const repository = served.registry.repository('team/app');
  const root = await repository.resolve('copied');
  assert.deepEqual(await repository.resolve('again'), root);
  assert.ok(stdout.includes(`:copied@${root?.digest}`));
  assert.deepEqual((await validate(repository, 'copied')).problems, []);
  const told = await json('copy --json OLD APP:copied');
  assert.equal(told.convertedFrom, image.digest);
  assert.equal(told.digest, root?.digest);
  assert.equal(told.mediaType, DOCKER_MANIFEST);
  assert.equal('convertedFrom' in (await json('copy --json APP:copied APP:third')), false);
});

test('RUBY-46: pull converts it on its way to the disk, for its platform alone where one is asked', async () => {
  const told = await json('pull --json --platform linux/amd64 OLD layout');
  assert.equal(told.convertedFrom, image.digest);
  const { problems, blobs } = await validate(directoryStore(path.join(folder, 'layout')), 'old');
  assert.deepEqual([problems, blobs], [[], 3]);
  const other = await run('pull --platform linux/arm64 OLD other');
  assert.equal(other.code, 3);
  assert.match(other.stderr, /no linux\/arm64/);
  assert.equal((await json('pull --json --dry-run OLD planned')).outcome, 'planned');
  assert.equal((await readdir(folder)).includes('planned'), false);
});

test('RUBY-46: pull --layers keeps all its layers as they are, each once', async () => {
  const told = await json('pull --json --layers files OLD');
  assert.equal(told.digest, image.digest);
  const layers = told.layers as readonly { digest: string; size: number; file: string }[];
  const blobs = image.blobs.map(({ descriptor }) => descriptor);
  assert.deepEqual(
    layers.map(({ digest, size }) => [digest, size]),
    blobs.map(({ digest, size }) => [digest, size]),
  );
  for (const { digest, file } of layers) assert.equal(digestOf(await readFile(file)), digest);
  const lines = (await run('pull --layers files OLD')).stdout;
  assert.deepEqual(
    lines.trimEnd().split('\n'),
    layers.map(({ file }) => file),
  );
});

test('D13 READ-10 GO-6: what needs an image of today refuses it by name, and says what to do', async () => {
  const lines = ['inspect OLD', 'config OLD', 'size OLD', 'tag OLD new', 'manifest --platform linux/amd64 OLD'];
  for (const line of [...lines, 'digest --platform linux/amd64 OLD', 'pull --platform linux/amd64 --layers x OLD']) {
    const { code, stdout, stderr } = await run(line);
    assert.equal(code, 7, `${line}: ${stderr}`);
    assert.equal(stdout, '');
    assert.match(stderr, /team\/app:old is a schema 1 manifest.*VERSION_UNSUPPORTED.*lading copy/, line);
  }
});

test('one that was changed after it was signed is an error of integrity, and nothing is copied', async () => {
  for (const line of ['manifest APP:changed', 'copy APP:changed APP:stolen', 'pull --layers stolen APP:changed']) {
    const { code, stderr } = await run(line);
    assert.equal(code, 5, `${line}: ${stderr}`);
  }
  assert.equal(await served.registry.repository('team/app').resolve('stolen'), undefined);
  assert.equal((await readdir(folder)).includes('stolen'), false);
});
