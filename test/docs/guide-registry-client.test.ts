/** The guide for who comes from imagespy/registry-client: its program does what it says, and its tables name what there is. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { COMMANDS } from '../../src/cli/commands.ts';
import { basicAccess } from '../../src/server/basic-access.ts';
import { type Built, buildImage, putBuilt, putIndex } from '../../src/testing/fixtures.ts';
import { codeBlocks, runProgram } from '../support/code-blocks.ts';
import {
  type LoggedRegistry,
  startLoggedRegistry,
  startTokenRegistry,
  type TokenRegistry,
} from '../support/logged-registry.ts';

const GUIDE = 'docs/guides/coming-from-registry-client.md';
const read = (file: string): Promise<string> => readFile(new URL(`../../${file}`, import.meta.url), 'utf8');
const arm64 = { os: 'linux', architecture: 'arm64' };

let registry: TokenRegistry;
let other: LoggedRegistry;
let single: Built;

before(async () => {
  registry = await startTokenRegistry();
  other = await startLoggedRegistry({
    access: basicAccess({ check: (user, password) => user === 'me' && password === 'secret' }),
  });
  const base = { files: { 'etc/motd': 'hello' } };
  await putIndex(registry.registry.repository('golang'), {
    manifests: [
      await buildImage({ layers: [base, { files: { VERSION: 'go1.12' } }], family: 'docker' }),
      await buildImage({ layers: [base], platform: arm64, family: 'docker' }),
    ],
    family: 'docker',
    tags: ['1.12.0'],
  });
  const app = registry.registry.repository('team/app');
  single = await putBuilt(app, await buildImage({ layers: [base], platform: arm64 }), { tags: ['1'] });
  await putBuilt(app, await buildImage({ layers: [] }), { tags: ['2'] });
});
after(() => Promise.all([registry.close(), other.close()]));

test('its program prints what it says, and the registries were asked as it says', async () => {
  const program = (await codeBlocks(GUIDE, 'js')).join('\n');
  const lines = [...program.matchAll(/console\.log\(.*\); \/\/ prints (.*)$/gm)];
  assert.equal(lines.length, program.match(/console\.log/g)?.length);
  // In a loop, a line is printed for each of what stands there, with commas between.
  const wanted = lines.flatMap(([line, text = '']) => (isRepeated(line) ? text.split(', ') : [text]));
  const hosted = program.replaceAll('registry.example.com', registry.host).replaceAll('other.example.com', other.host);
  assert.deepEqual((await runProgram(hosted)).trimEnd().split('\n'), wanted);
  const { digest } = single.manifest.descriptor;
  assert.equal(await registry.registry.repository('team/app').resolve(digest), undefined);
  const scopes = registry.tokenRequests.map((query) => new URLSearchParams(query).getAll('scope').join(' '));
  assert.deepEqual(scopes, [...new Set(scopes)], 'a token a scope');
  assert.deepEqual(
    other.log.map(({ status }) => status),
    [401, 200],
  );
});

/** Is it a line of a loop? */
const isRepeated = (line: string): boolean =>
  ['(platform.os,', '(name);', 'isOciError(error), error.code'].some((part) => line.includes(part));

/** What the original offers, as its documentation names it. */
const theirs = `ErrAuthTokenInvalid ErrAuthTokenNoBearer ErrResourceNotFound ErrSchemaV1NotSupported ErrSchemaUnknown
  DefaultClient Authenticator HandleRequest HandleResponse NewBasicAuthenticator NewNullAuthenticator NewTokenAuthenticator
  Image Digest Domain Platforms Repository Tag DeleteByDigest GetByDigest GetByTag Manifests Get Options Client Protocol Proxy
  Platform Architecture Features MediaType OS OSFeatures OSVersion Size Variant Registry New Repositories RepositoryFromString
  Images Name Tags Requester Auth GetByte GetJSON NewRequest SendRequest GetAll`;

test('its sections and tables have every function, option and error of the original', async () => {
  const guide = await read(GUIDE);
  const places = [...(guide.match(/^\| [^|]+ \|/gm) ?? []), ...(guide.match(/^## .*$/gm) ?? [])];
  const named = new Set(places.join(' ').match(/\w+/g));
  assert.ok(named.has('ParseImageName'));
  assert.deepEqual(
    theirs.split(/\s+/).filter((name) => !named.has(name)),
    [],
  );
});

test('its tables name what is exported, and commands, options and codes that there are', async () => {
  const surface = new Set((await read('test/api/surface.golden.txt')).match(/\w+/g));
  const commands = new Set(COMMANDS.map(({ name }) => `lading ${name}`));
  const options = new Set((await read('docs/cli.md')).match(/--[a-z-]+/g));
  const codes = new Set((await read('src/errors.ts')).match(/'[A-Z_]+'/g));
  const rows = (await read(GUIDE)).split('\n').filter((line) => /^\| .* \|$/.test(line));
  const cells = rows.map((line) => line.split(' | '));
  const calls = cells.flatMap(([, ours]) => ours?.match(/\b[a-z]\w+(?=\()/g) ?? []);
  const lines = cells.map(([, , command = '']) => command).join(' ');
  const named = lines.match(/lading [a-z-]+/g) ?? [];
  assert.ok(calls.length > 20 && named.length > 10);
  const unknown = [
    ...calls.filter((call) => !surface.has(call)),
    ...named.filter((command) => !commands.has(command)),
    ...(lines.match(/--[a-z-]+/g) ?? []).filter((option) => !options.has(option)),
    ...cells
      .flatMap(([, ours]) => ours?.match(/(?<=`)[A-Z]+_[A-Z_]+(?=`)/g) ?? [])
      .filter((code) => !codes.has(`'${code}'`)),
  ];
  assert.deepEqual(unknown, []);
});
