// Builds the package: the library by plain tsc, then the files that inline a library, then the command.
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { buildCommand } from './build-command.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
const shared = {
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  conditions: ['source'],
  logLevel: 'warning',
  external: ['#hash'],
};
// CommonJS packages inside an ESM bundle look for `require`.
const banner = {
  js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
};

rmSync('dist', { recursive: true, force: true });
execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], { stdio: 'inherit' });

await build({
  ...shared,
  entryPoints: ['src/bytes/tar-stream.ts', 'src/bytes/compress-node.ts', 'src/bytes/compress-portable.ts'].filter(
    existsSync,
  ),
  outdir: 'dist/bytes',
  splitting: false,
  banner,
  allowOverwrite: true,
});

// The signatures of schema 1: a library for every runtime, so that nothing of Node goes in with it.
await build({
  ...shared,
  platform: 'neutral',
  entryPoints: ['src/model/jws.ts'],
  outdir: 'dist/model',
  allowOverwrite: true,
});

// Proofs of signatures, and globs in their policies: libraries that nothing else needs.
await build({
  ...shared,
  entryPoints: ['src/node/verify/sigstore.ts', 'src/node/verify/pattern.ts'],
  outdir: 'dist/node/verify',
  splitting: false,
  banner,
  allowOverwrite: true,
});

// What the bundled seams have taken in must not be imported past them.
for (const left of ['unzstd.js', 'unzstd.js.map']) rmSync(`dist/bytes/${left}`, { force: true });

await buildCommand({
  ...shared,
  external: [],
  outdir: 'dist/cli',
  define: { __LADING_VERSION__: JSON.stringify(manifest.version) },
});
chmodSync('dist/cli/main.js', 0o755);
console.error(`built dist (${readdirSync('dist').length} entries)`);
