/** G40: one large blob, pulled, pushed and copied: memory stays as it is with a small one. `LADING_WHOLE=1` takes 5 GiB, else 256 MiB. */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { readAll } from '../../src/bytes/read.ts';
import { command } from '../support/command.ts';
import { builtProgram, executable } from '../support/program.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/real/temporary.ts';
import { isWhole } from '../support/seeded.ts';
import { settled } from '../support/until.ts';
import { startVastRegistry, type VastRegistry } from '../support/vast-registry.ts';

const MIB = 1 << 20;
const SIZE = (isWhole ? 5 * 1024 : 256) * MIB;
const SMALL = MIB;
const MORE_BYTES = 64 * MIB;
const patience = { timeout: 900_000 };

let work: TemporaryDirectory;
let vast: VastRegistry;
let small: VastRegistry;

before(async () => {
  work = await temporaryDirectory('memory');
  vast = await startVastRegistry(SIZE);
  small = await startVastRegistry(SMALL);
});
after(async () => {
  await Promise.all([vast?.close(), small?.close()]);
  await work?.remove();
});

/** The peak of its resident set, in bytes. */
async function peakOf(args: readonly string[]): Promise<number> {
  const file = join(work.path, 'peak');
  if (executable !== undefined) {
    const env = { PATH: process.env.PATH, HOME: work.path };
    await promisify(execFile)('time', ['-f', '%M', '-o', file, executable, ...args], { env });
    return Number(await readFile(file, 'utf8')) * 1024;
  }
  const tell = `import { writeFileSync } from 'node:fs';
    process.on('exit', () => writeFileSync(${JSON.stringify(file)}, String(process.resourceUsage().maxRSS)));`;
  const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(tell)}` };
  const { code, stderr } = await command(args, { env });
  assert.equal(code, 0, stderr);
  return Number(await readFile(file, 'utf8')) * 1024;
}

/** A layout whose layer is a hole in a file. */
async function layoutOf({ image, config, layer }: VastRegistry): Promise<string> {
  const directory = join(work.path, `layout-${layer.size}`);
  const place = (digest: string): string => join(directory, 'blobs', digest.replace(':', '/'));
  await mkdir(join(directory, 'blobs', 'sha256'), { recursive: true });
  await writeFile(join(directory, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  const { mediaType, digest, size } = image.descriptor;
  const named = { mediaType, digest, size, annotations: { 'org.opencontainers.image.ref.name': '1' } };
  await writeFile(join(directory, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [named] }));
  await writeFile(place(digest), image.bytes);
  await writeFile(place(config.descriptor.digest), await readAll(config.open(), MIB, 'config'));
  const hole = await open(place(layer.digest), 'w');
  await hole.truncate(layer.size);
  await hole.close();
  return directory;
}

type LineFor = (registry: VastRegistry) => Promise<readonly string[]> | readonly string[];
const lines: Readonly<Record<string, LineFor>> = {
  pull: ({ host, layer }) => ['pull', `${host}/vast:1`, join(work.path, `pulled-${layer.size}`)],
  push: async (registry) => ['push', `oci:${await layoutOf(registry)}:1`, `${registry.host}/pushed:1`],
  // To another registry: within one, nothing would be sent.
  copy: (from) => ['copy', `${from.host}/vast:1`, `${(from === vast ? small : vast).host}/copied:1`],
};

for (const [verb, lineFor] of Object.entries(lines)) {
  test(`G40: ${verb} of a large blob takes no more memory than that of a small one`, patience, async (t) => {
    const baseline = await peakOf(await lineFor(small));
    const peak = await peakOf(await lineFor(vast));
    t.diagnostic(
      `${verb} of ${SIZE / MIB} MiB: ${Math.round((peak - baseline) / MIB)} MiB over ${Math.round(baseline / MIB)} MiB`,
    );
    assert.ok(peak - baseline <= MORE_BYTES, `${peak - baseline} bytes over ${baseline}`);
    const there = verb === 'copy' ? small : vast;
    if (verb !== 'pull') assert.equal(there.put.get(vast.layer.digest), SIZE);
    else {
      const pulled = join(work.path, `pulled-${SIZE}`);
      assert.equal((await stat(join(pulled, 'blobs', vast.layer.digest.replace(':', '/')))).size, SIZE);
      await rm(pulled, { recursive: true });
    }
  });
}

test(
  'G40: who takes nothing is sent nothing: the registry stands still, and goes on when he does',
  patience,
  async (t) => {
    const asked = vast.sent();
    const [file, ...args] = [...builtProgram(), 'blob', 'get', `${vast.host}/vast@${vast.layer.digest}`];
    const child = spawn(file, args, {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { PATH: process.env.PATH, HOME: work.path },
    });
    t.after(() => child.kill('SIGKILL'));
    const begun = async (): Promise<void> => {
      while (vast.sent() === asked) await new Promise((resolve) => setTimeout(resolve, 5));
    };
    await begun();
    const held = (await settled(() => vast.sent())) - asked;
    assert.ok(held <= 32 * MIB, `${held} bytes were taken by nobody`);
    let taken = 0;
    child.stdout.on('data', (chunk: Buffer) => (taken += chunk.length));
    const [code] = (await once(child, 'close')) as [number];
    assert.deepEqual([code, taken], [0, SIZE]);
  },
);
