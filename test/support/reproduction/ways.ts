/** Every command that makes an image or an artifact, and what comes of it in some setting: what it printed, and each byte of the layout. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, cpSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import pLimit from 'p-limit';
import { digestOf } from '../../../src/bytes/hash.ts';
import { imageManifests } from './manifests.ts';
import { directoryStore } from '../../../src/node/directory/directory.ts';
import { builtProgram, commandFile, executable } from '../program.ts';
import { diffIdOf, viewImage } from '../image-view.ts';
import { filesBelow } from '../layouts.ts';
import type { Setting } from './inputs.ts';

/** What comes of one way. */
export interface Outcome {
  readonly printed: string;
  /** Digests of the files of the layout. */
  readonly files: Readonly<Record<string, string>>;
  /** Of each image the digests of its layers once they are unpacked. */
  readonly diffIds: readonly (readonly string[])[];
}

interface Way {
  /** Command lines; the last one makes the layout that is named like the way. */
  readonly lines: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** A file that stdin gives. */
  readonly stdin?: string;
}

const settings =
  '-e B=2 -e A=1 -l z=1 -l b=3 -a k=v --entrypoint /run --user 1:2 --expose 80 --volume /data --author Me';
const EPOCH = '1700000000';

/** By the layout that each makes. */
export const WAYS: Readonly<Record<string, Way>> = {
  tar: { lines: ['append oci:base:1 layer.tar -t oci:tar:1'] },
  tgz: { lines: ['append oci:base:1 layer.tgz -t oci:tgz:1'] },
  stdin: { lines: ['append oci:base:1 - -t oci:stdin:1'], stdin: 'layer.tar' },
  directory: { lines: ['append oci:base:1 site -t oci:directory:1'] },
  epoch: { lines: ['append oci:base:1 layer.tar -t oci:epoch:1'], env: { SOURCE_DATE_EPOCH: EPOCH } },
  settings: { lines: [`mutate oci:base:1 ${settings} -t oci:settings:1`] },
  times: { lines: ['mutate oci:base:1 --time-set 2024-05-06T07:08:09Z -t oci:times:1'] },
  clamped: {
    lines: ['append oci:base:1 dated.tar -t oci:dated:1', `mutate oci:dated:1 --time-clamp ${EPOCH} -t oci:clamped:1`],
    env: { SOURCE_DATE_EPOCH: EPOCH },
  },
  flat: { lines: ['flatten oci:base:1 -t oci:flat:1'] },
  flatplain: { lines: ['flatten oci:base:1 --compression none -t oci:flatplain:1'] },
  docker: { lines: ['convert oci:base:1 --format docker --compression gzip --force -t oci:docker:1'] },
  plain: { lines: ['convert oci:base:1 --compression none -t oci:plain:1'] },
  artifact: { lines: ['artifact push oci:artifact:1 site layer.tgz --artifact-type application/x.test'] },
};

/** Those in which nothing is compressed: their manifests are the same in every runtime. */
export const UNCOMPRESSED: readonly string[] = ['tgz', 'settings', 'flatplain', 'plain'];

/** Goes every way in a folder of inputs. */
export async function outcomes(folder: string, setting: Setting): Promise<Readonly<Record<string, Outcome>>> {
  const program = setting.uid === undefined ? commandFile : readableCommand(folder);
  const limit = pLimit(AT_A_TIME);
  const found = Object.entries(WAYS).map(([name, { lines, env, stdin }]) =>
    limit(async (): Promise<[string, Outcome]> => {
      let printed = '';
      for (const line of lines) printed = await run(program, line, { folder, setting, env, stdin });
      return [name, { printed, ...(await layout(join(folder, name))) }];
    }),
  );
  return Object.fromEntries(await Promise.all(found));
}

const AT_A_TIME = 3;

/** The command where anybody can read it, whatever the permissions of the project's folder are. */
function readableCommand(folder: string): string {
  const copy = join(folder, 'command');
  if (executable !== undefined) {
    copyFileSync(executable, copy);
    return copy;
  }
  cpSync(dirname(commandFile), copy, { recursive: true });
  writeFileSync(join(copy, 'package.json'), '{"type":"module"}');
  return join(copy, 'main.js');
}

interface Run {
  readonly folder: string;
  readonly setting: Setting;
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly stdin?: string | undefined;
}

async function run(program: string, line: string, { folder, setting, env, stdin }: Run): Promise<string> {
  const { umask = '022', uid, node } = setting;
  const words = [...builtProgram(program, node), ...line.split(' ')];
  const child = spawn('sh', ['-c', `umask ${umask}; exec "$@"`, 'sh', ...words], {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: '/nonexistent', ...setting.env, ...env },
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  child.stdin.on('error', () => {});
  child.stdin.end(stdin === undefined ? '' : readFileSync(join(folder, stdin)));
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  assert.equal(code, 0, `lading ${line}: ${stderr}`);
  return stdout;
}

async function layout(directory: string): Promise<Omit<Outcome, 'printed'>> {
  const store = directoryStore(directory);
  const diffIds: string[][] = [];
  for (const descriptor of await imageManifests(store, '1')) {
    const { document, config } = await viewImage(store, descriptor);
    const unpacked = await Promise.all(document.layers.map((layer) => diffIdOf(store.blob(layer))));
    if (document.artifactType === undefined) assert.deepEqual(config.rootfs.diff_ids, unpacked);
    diffIds.push(unpacked);
  }
  const files = (await filesBelow(directory)).map((file) => [file, digestOf(readFileSync(join(directory, file)))]);
  return { files: Object.fromEntries(files), diffIds };
}
