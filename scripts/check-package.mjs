// Checks what would be published: the packed tarball, not the tree. Run `npm run build` before.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSync } from 'oxc-parser';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';

/** The optional peer of a proxy agent that is inlined into the command: where it is missing, the agent says so. */
const optional = ['kerberos'];

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
const problems = [];
const directory = mkdtempSync(join(tmpdir(), 'lading-pack-'));
try {
  const { tarball, files } = pack();
  checkPaths(files);
  checkImports(files.filter((file) => /^dist\/.*(\.js|\.d\.ts)$/.test(file)));
  checkLockFile();
  await lint(tarball);
  checkTypes(tarball);
} finally {
  rmSync(directory, { recursive: true });
}
for (const problem of problems) console.error(`check-package: ${problem}`);
if (problems.length > 0) process.exit(1);
console.error('check-package: the package is what it says');

/** The tarball, and the paths of the files in it. */
function pack() {
  const [packed] = JSON.parse(npm('pack', '--json', '--ignore-scripts', '--pack-destination', directory));
  return { tarball: join(directory, packed.filename), files: packed.files.map(({ path }) => path) };
}

/** npm as it was started, or the one on the PATH. */
function npm(...args) {
  const options = { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] };
  const cli = process.env.npm_execpath;
  return cli === undefined
    ? execFileSync('npm', args, options)
    : execFileSync(process.execPath, [cli, ...args], options);
}

/** Everything that package.json points at is there. */
function checkPaths(files) {
  const packed = new Set(files);
  const targets = (value) => (typeof value === 'string' ? [value] : Object.values(value).flatMap(targets));
  for (const field of ['exports', 'imports', 'bin']) {
    for (const path of targets(manifest[field] ?? {})) {
      if (!packed.has(path.replace('./', ''))) problems.push(`${field}: ${path} is not in the tarball`);
    }
  }
}

/** What is built imports nothing that a user has not installed: devDependencies are inlined or not used. */
function checkImports(files) {
  const installed = new Set([
    ...Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }),
    manifest.name,
    ...optional,
  ]);
  for (const file of files) {
    for (const specifier of specifiersOf(file)) {
      if (specifier.startsWith('.') || isBuiltin(specifier)) continue;
      if (specifier.startsWith('#') ? specifier in manifest.imports : installed.has(packageOf(specifier))) continue;
      problems.push(`${file} imports ${specifier}, which is no dependency`);
    }
  }
}

function specifiersOf(file) {
  const text = readFileSync(file, 'utf8');
  const { module } = parseSync(file, text);
  const { staticImports, staticExports, dynamicImports } = module;
  const exported = staticExports.flatMap(({ entries }) => entries.map(({ moduleRequest }) => moduleRequest));
  const fixed = [...staticImports.map(({ moduleRequest }) => moduleRequest), ...exported].filter(
    (request) => request !== null,
  );
  // A dynamic import of something computed is no name of a package.
  const dynamic = dynamicImports.map(
    ({ moduleRequest: { start, end } }) => /^(['"])(.*)\1$/.exec(text.slice(start, end))?.[2],
  );
  return [...new Set([...fixed.map(({ value }) => value), ...dynamic.filter((name) => name !== undefined)])];
}

function packageOf(specifier) {
  const parts = specifier.split('/');
  return parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
}

/**
 * Whoever installs from the lock file talks to the public registry, and to nobody else; and `npm ci` finds everything in it.
 * npm drops what it could not fetch when the lock file was made, such as binaries of other platforms, and then refuses.
 */
function checkLockFile() {
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'));
  const names = new Set(Object.keys(packages).map((path) => path.split('node_modules/').at(-1)));
  for (const [path, { resolved, optionalDependencies = {} }] of Object.entries(packages)) {
    if (resolved !== undefined && !resolved.startsWith('https://registry.npmjs.org/')) {
      problems.push(`package-lock.json: ${path} comes from ${resolved}`);
    }
    for (const name of Object.keys(optionalDependencies)) {
      if (!names.has(name)) problems.push(`package-lock.json: ${path} may want ${name}, which is not in it`);
    }
  }
}

async function lint(tarball) {
  const bytes = readFileSync(tarball);
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  const { messages } = await publint({ pack: { tarball: buffer }, strict: true });
  for (const message of messages) problems.push(`publint: ${formatMessage(message, manifest, { color: false })}`);
}

function checkTypes(tarball) {
  try {
    const args = [
      'node_modules/@arethetypeswrong/cli/dist/index.js',
      tarball,
      '--profile',
      'esm-only',
      '--no-emoji',
      '--no-color',
    ];
    execFileSync(process.execPath, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    problems.push(`the types are wrong:\n${error.stdout}${error.stderr}`);
  }
}
