/** `--template` on commands of every kind: what --json would tell, through a template, byte for byte. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { OCI_MANIFEST } from '../../src/model/media-types.ts';
import { contentFrom, manifestFromDocument } from '../../src/store/content.ts';
import { type CliOptions, type CliResult, cli } from '../support/cli.ts';
import { openWorld, type World } from '../support/cli-world.ts';

let world: World;
let folder: string;

before(async () => {
  world = await openWorld();
  folder = await mkdtemp(join(tmpdir(), 'lading-template-'));
});
after(async () => {
  await world.close();
  await rm(folder, { recursive: true });
});

/** Runs a command line in which REGISTRY stands for the world's registry, with a template. */
async function run(line: string, template: string, options: CliOptions = {}): Promise<CliResult> {
  const argv = line.split(' ').map((word) => word.replaceAll('REGISTRY', world.host));
  const result = await cli([...argv, '--template', template], { cwd: folder, ...options });
  return { ...result, stdout: world.neutral(result.stdout), stderr: world.neutral(result.stderr) };
}

/** What a command prints that has to succeed. */
async function printed(line: string, template: string, options?: CliOptions): Promise<string> {
  const { code, stdout, stderr } = await run(line, template, options);
  assert.equal(code, 0, stderr);
  return stdout;
}

describe('CAP-M2: a template takes the place of --json', () => {
  test('for those that look at images and registries', async () => {
    const { digest, size } = world.app.manifest.descriptor;
    const app = 'REGISTRY/team/app:1.1';
    assert.equal(await printed(`digest ${app}`, '{{ digest }} {{ size }}'), `${digest} ${size}\n`);
    assert.equal(
      await printed(
        'tags --digests REGISTRY/team/app',
        '{% for tag in tags %}{{ tag.tag }}\\t{{ tag.digest }}\\n{% endfor %}',
      ),
      ['1.0', '1.1', 'latest'].map((tag) => `${tag}\t${digest}\n`).join(''),
    );
    assert.equal(await printed('repos REGISTRY', '{{ repositories | join: ", " }}'), 'team/app, team/single\n');
    assert.equal(
      await printed(
        'inspect REGISTRY/team/single:1',
        '{{ image.config.User }} {{ image.created | date: "%Y" }} {{ image.config.Env }}',
      ),
      'app 2024 ["PATH=/usr/bin","MODE=test"]\n',
    );
    assert.equal(
      await printed(`inspect ${app}`, '{{ annotations["org.opencontainers.image.title"] | upcase }}'),
      'APP\n',
    );
    assert.equal(
      await printed('size REGISTRY/team/single:1', '{{ images[0].layers }} in {{ total.compressed }}'),
      '2 in 914\n',
    );
    assert.equal(
      await printed('referrers REGISTRY/team/app:1.1', '{{ attached | map: "artifactType" | first }}'),
      'application/spdx+json\n',
    );
    assert.equal(
      await printed('validate REGISTRY/team/app', '{% if valid %}good{% else %}{{ problems | json }}{% endif %}'),
      'good\n',
    );
    assert.match(await printed('ping REGISTRY', '{{ apiVersion }} {{ authRequired }}'), /^registry\/2\.0 false\n$/);
  });

  test('for documents that are printed byte for byte without it', async () => {
    const layers = world.single.manifest.links
      .filter(({ role }) => role === 'layer')
      .map(({ descriptor }) => descriptor);
    assert.equal(
      await printed(
        'manifest REGISTRY/team/single:1',
        '{% for layer in layers %}{{ layer.digest }} {% endfor %}{{ schemaVersion }}',
      ),
      `${layers.map(({ digest }) => `${digest} `).join('')}2\n`,
    );
    assert.equal(await printed('config REGISTRY/team/single:1', '{{ os }}/{{ architecture }}'), 'linux/amd64\n');
    assert.equal(
      await printed('config REGISTRY/team/single:1', '{{ config.Labels | json }}', { stdoutIsTTY: true }),
      '{"org.example.team":"web"}\n',
    );
  });

  test('for those that change something', async () => {
    const { digest } = world.single.manifest.descriptor;
    assert.equal(
      await printed(
        'copy REGISTRY/team/single:1 REGISTRY/copied:1,2',
        '{{ outcome }}\\n{{ references | join: "\\n" }}',
      ),
      `copied\nREGISTRY/copied:1@${digest}\nREGISTRY/copied:2@${digest}\n`,
    );
    assert.equal(await printed('tag REGISTRY/copied:1 3', '{{ digest }}'), `${digest}\n`);
    assert.equal(await printed('untag --yes REGISTRY/copied:3', '{{ outcome }}'), 'deleted\n');
    assert.equal(await printed('pull REGISTRY/team/single:1 oci:pulled', '{{ sent.objects }}'), '4\n');
    assert.match(
      await printed(
        'mutate --env A=b REGISTRY/copied:1 --tag REGISTRY/copied:new',
        '{{ digest | slice: 0, 7 }} {{ outcome }}',
      ),
      /^sha256: copied\n$/,
    );
  });

  test('once for each line of a stream, and a text that is empty is no line', async () => {
    const line = 'files -r REGISTRY/team/single:1';
    assert.equal(
      await printed(line, '{{ type }} {{ path }}'),
      'directory app\nfile app/main\ndirectory etc\nfile etc/os-release\n',
    );
    assert.equal(await printed(line, '{% if size > 1000 %}{{ path }}{% endif %}'), 'app/main\n');
    const { code, stdout } = await run(
      'parse alpine UPPER',
      '{{ input }} {% if valid %}{{ path }}{% else %}?{% endif %}',
    );
    assert.equal(code, 2);
    assert.equal(stdout, 'alpine library/alpine\nUPPER ?\n');
  });
});

describe('CAP-M2: what is wrong with a template', () => {
  /** The one line of a usage error. */
  async function refused(line: string, template: string): Promise<string> {
    const { code, stdout, stderr } = await run(line, template);
    assert.equal(code, 2, stderr);
    assert.equal(stdout, '');
    assert.equal(stderr.trimEnd().split('\n').length, 1, stderr);
    return stderr;
  }

  test('is told in one line with the place, before any request is sent', async () => {
    world.requests.length = 0;
    const cases: readonly (readonly [template: string, message: RegExp])[] = [
      ['{{ digest', /^error: --template, line 1, column 1: output "\{\{ digest" not closed \(USAGE\)\n$/],
      ['a\n  {% nothing %}', /line 2, column 3: tag "nothing" not found \(USAGE\)/],
      ['{% if digest %}', /line 1, column 1: tag \{% if digest %\} not closed/],
      ['x{{ digest | md6 }}', /line 1, column 2: undefined filter: md6/],
      ['{% include "/etc/passwd" %}', /tag "include" not found/],
      ["{% render 'package.json' %}", /tag "render" not found/],
      ['{% layout "x" %}{% block a %}{% endblock %}', /tag "layout" not found/],
      ['{% liquid\n include "x" %}', /line 2, column 2: tag "include" not found/],
      ['', /the template is empty/],
      ['x'.repeat(100_001), /longer than 100000 characters/],
    ];
    for (const [template, message] of cases)
      assert.match(await refused('digest REGISTRY/team/app:1.1', template), message);
    assert.deepEqual(world.requests, []);
  });

  test('is told when a field is not there, with those that are', async () => {
    assert.equal(
      await refused('digest REGISTRY/team/app:1.1', '{{ mediaType }} {{ digset }}'),
      'error: --template, line 1, column 20: there is no digset (USAGE); hint: the fields are reference, mediaType, digest, size; what may be absent is written {{ name | default: "-" }}\n',
    );
    for (const [template, name] of [
      ['{{ size }}', 'size'],
      ['{{ tags[9].tag }}', 'tags.9'],
      ['{{ repository.constructor }}', 'repository.constructor'],
      ['{% for one in tgas %}{% endfor %}', 'tgas'],
    ] as const) {
      assert.match(await refused('tags REGISTRY/team/app', template), new RegExp(`there is no ${name} \\(USAGE\\)`));
    }
  });

  test('is not a field that may be absent, where the template says so', async () => {
    const template =
      '{{ created | default: "-" }}{% if created %}!{% endif %}{% assign a = x.y %}{{ a }}{% unless a %}.{% endunless %}';
    assert.equal(await printed('digest REGISTRY/team/app:1.1', template), '-.\n');
  });

  test('ends one that goes on and on', async () => {
    assert.match(
      await refused('parse alpine', '{% for i in (1..1000000000) %}x{% endfor %}'),
      /limit exceeded \(USAGE\)/,
    );
  });

  test('is found where it has nothing to render, or would not be alone', async () => {
    assert.match(
      await refused('cat -q REGISTRY/team/single:1 etc/os-release', '{{ a }}'),
      /--template has nothing to render/,
    );
    assert.match(
      await refused('manifest REGISTRY/team/app -o m.json', '{{ a }}'),
      /cannot be used with option '--template <text>'/,
    );
    assert.match(await refused('digest --json REGISTRY/team/app', '{{ a }}'), /cannot be used with option '--json'/);
    assert.match(
      await refused('diff --markdown REGISTRY/team/app:1.0 REGISTRY/team/app:1.1', '{{ a }}'),
      /'--markdown' cannot be used/,
    );
    assert.ok(!(await readdir(folder)).includes('m.json'));
  });

  test('is found where the config of an artifact is no JSON', async () => {
    const repository = world.registry.repository('notes');
    const config = contentFrom(new TextEncoder().encode('a note'), 'text/plain');
    await repository.putBlob(config);
    const document = { schemaVersion: 2, mediaType: OCI_MANIFEST, config: config.descriptor, layers: [] };
    await repository.putManifest(manifestFromDocument(document), { tags: ['1'] });
    assert.match(
      await refused('config REGISTRY/notes:1', '{{ a }}'),
      /is no JSON, and --template has nothing to render/,
    );
  });
});

test('CAP-M2: a command without a template does not load what templates need', async () => {
  const script = `
    const { run } = await import('./src/cli/program.ts');
    const { processContext } = await import('./src/cli/context.ts');
    const { createRequire } = await import('node:module');
    const code = await run(process.argv.slice(1), processContext());
    const isLoaded = Object.keys(createRequire(import.meta.url).cache).some((file) => file.includes('/liquidjs/'));
    console.log(code, isLoaded ? 'loaded' : 'not loaded');`;
  const outcome = async (...argv: readonly string[]): Promise<string> => {
    const node = ['--import', 'tsx', '-C', 'source', '--input-type', 'module', '-e', script, '--', ...argv];
    return (await promisify(execFile)(process.execPath, node)).stdout;
  };
  assert.match(await outcome('parse', '--json', 'alpine'), /\n0 not loaded\n$/);
  assert.equal(await outcome('parse', '--template', '{{ domain }}', 'alpine'), 'docker.io\n0 loaded\n');
  assert.doesNotMatch(await readFile('src/cli/terminal/output.ts', 'utf8'), /^import .*template/m);
});
