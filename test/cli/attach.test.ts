import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { PublishedArtifact } from '../../src/cli/artifact/publish.ts';
import type { ImageIndex } from '../../src/model/manifest.ts';
import * as quirks from '../../src/testing/quirks.ts';
import { putBuilt } from '../../src/testing/fixtures.ts';
import { type CliOptions, type CliResult, cli } from '../support/cli.ts';
import { openWorld, type World } from '../support/cli-world.ts';
import { assertGolden } from '../support/golden.ts';
import { startLoggedRegistry } from '../support/logged-registry.ts';

let world: World;
let folder: string;

before(async () => {
  world = await openWorld();
  folder = await mkdtemp(path.join(tmpdir(), 'lading-attach-'));
  await writeFile(path.join(folder, 'report.txt'), 'all is well\n');
});
after(async () => {
  await world.close();
  await rm(folder, { recursive: true });
});

async function run(line: string, options: CliOptions = {}): Promise<CliResult> {
  const argv = line.split(' ').map((word) => word.replaceAll('REGISTRY', world.host));
  const result = await cli(argv, { cwd: folder, ...options });
  return { ...result, stdout: world.neutral(result.stdout), stderr: world.neutral(result.stderr) };
}

async function done(line: string, options?: CliOptions): Promise<string> {
  const { code, stdout, stderr } = await run(line, options);
  assert.equal(code, 0, `${line}: ${stderr}`);
  return stdout;
}

const REPORT = '--artifact-type application/vnd.example.report';

test('CAP-I2: files are attached to an image, under no tag', async () => {
  const line = `attach --json REGISTRY/team/app:1.0 report.txt:text/plain ${REPORT} -a x=y`;
  const text = await done(line);
  assertGolden('attach.json', text);
  const { digest, subject, references } = JSON.parse(text) as PublishedArtifact;
  assert.equal(subject, world.app.manifest.descriptor.digest);
  assert.deepEqual(references, [`REGISTRY/team/app@${digest}`]);
  assert.equal(await done('tags REGISTRY/team/app'), '1.0\n1.1\nlatest\n');
  assert.match(await done('referrers --flat REGISTRY/team/app:1.1'), new RegExp(digest));
  const again = JSON.parse(await done(line)) as PublishedArtifact;
  assert.deepEqual([again.digest, again.sent.objects], [digest, 1], 'no blob is sent again');
});

test('CAP-I2: or to one platform of it', async () => {
  const arm64 = world.app.children[1]?.manifest.descriptor.digest;
  const line = `attach --json --platform linux/arm64 REGISTRY/team/app:1.0 report.txt ${REPORT}`;
  assert.equal((JSON.parse(await done(line)) as PublishedArtifact).subject, arm64);
  assert.equal((await run(`attach --platform linux/s390x REGISTRY/team/app:1.0 report.txt ${REPORT}`)).code, 3);
});

test('CAP-I2 CAP-E14: in a layout, too, and from there it is copied', async () => {
  await done('pull REGISTRY/team/single:1 store');
  const [, digest] = (await done(`attach oci:store:1 report.txt ${REPORT}`)).trim().split('@');
  assert.match(await done('tree oci:store:1'), new RegExp(`└── application/vnd.example.report {2}${digest}`));
  await done('copy --referrers oci:store:1 REGISTRY/from-layout:1');
  assert.match(await done('referrers --flat REGISTRY/from-layout:1'), new RegExp(String(digest)));
  const archive = await run(`attach oci-archive:x.tar:1 report.txt ${REPORT}`);
  assert.equal(archive.code, 7);
  assert.match(archive.stderr, /an attachment cannot be added to an archive/);
});

test('CAP-E15 CAP-I3: where the registry has no list, it is kept under the fallback tag; where one is wanted, it is told', async () => {
  const old = await startLoggedRegistry({ wrap: quirks.noReferrersApi() });
  try {
    await putBuilt(old.registry.repository('app'), world.single, { tags: ['1'] });
    const [, digest] = (await done(`attach ${old.host}/app:1 report.txt ${REPORT} -a x=y`)).trim().split('@');
    const list = await old.registry
      .repository('app')
      .manifest(world.single.manifest.descriptor.digest.replace(':', '-'));
    const { manifests } = list.document as ImageIndex;
    assert.deepEqual(
      manifests.map((one) => [one.digest, one.artifactType, one.annotations]),
      [[digest, 'application/vnd.example.report', { x: 'y' }]],
    );
    assert.match(await done(`tree ${old.host}/app:1`), /fallback tag/);
    const forced = await run(`attach --host ${old.host},referrers=api ${old.host}/app:1 report.txt ${REPORT} -a y=z`);
    assert.equal(forced.code, 7);
    assert.match(forced.stderr, /no referrers API/);
  } finally {
    await old.close();
  }
  const tagged = `--host REGISTRY,referrers=tag REGISTRY/team/single:1`;
  await done(`attach ${tagged} report.txt ${REPORT}`);
  const tag = world.single.manifest.descriptor.digest.replace(':', '-');
  assert.ok((await done('tags REGISTRY/team/single')).includes(tag));
  assert.equal((await run(`tree --host REGISTRY,referrers=both REGISTRY/team/single:1`)).code, 1);
});

test('CAP-I2: what makes no sense is told before anything is sent', async () => {
  world.requests.length = 0;
  const cases: readonly (readonly [string, number, RegExp])[] = [
    ['REGISTRY/team/app:1.0 report.txt', 2, /required option '--artifact-type <type>'/],
    [`REGISTRY/team/app:1.0 ${REPORT}`, 2, /nothing to attach/],
    [`REGISTRY/team/app:9 report.txt ${REPORT}`, 3, /NOT_FOUND/],
    [`REGISTRY/team/app:1.0 ../report.txt ${REPORT}`, 2, /is no path/],
  ];
  for (const [line, code, message] of cases) {
    const result = await run(`attach ${line}`);
    assert.match(result.stderr, message);
    assert.equal(result.code, code, line);
  }
  assert.ok(world.requests.every(({ method }) => method === 'HEAD' || method === 'GET'));
  await done(`attach REGISTRY/team/single:1 ${REPORT} -a only=annotations`);
});
