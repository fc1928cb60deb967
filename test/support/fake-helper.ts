/** Credential helpers for tests: small shell scripts in a directory of their own, which note what they were asked. */
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

export interface FakeHome {
  readonly home: string;
  /** What to hand in as the environment. */
  readonly env: Record<string, string>;
  readonly configFile: string;
  readonly write: (file: string, content: unknown) => Promise<string>;
  /** A helper, by the shell script that it is; `$1` is the action, its input is in `$input`. */
  readonly helper: (name: string, script: string) => Promise<void>;
  /** What the helpers were asked, one line each: `name action input`. */
  readonly asked: () => Promise<readonly string[]>;
}

export async function fakeHome(context: TestContext): Promise<FakeHome> {
  const home = await mkdtemp(join(tmpdir(), 'lading-home-'));
  context.after(() => rm(home, { recursive: true, force: true }));
  const bin = join(home, 'bin');
  const log = join(home, 'asked.log');
  await mkdir(bin);
  return {
    home,
    env: { PATH: `${bin}:/usr/bin:/bin`, HOME: home },
    configFile: join(home, '.docker', 'config.json'),
    async write(file, content) {
      const path = join(home, file);
      await mkdir(join(path, '..'), { recursive: true });
      await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
      return path;
    },
    async helper(name, script) {
      const file = join(bin, `docker-credential-${name}`);
      await writeFile(file, `#!/bin/sh\ninput=$(cat)\necho "${name} $1 $input" >> '${log}'\n${script}\n`);
      await chmod(file, 0o755);
    },
    async asked() {
      const text = await readFile(log, 'utf8').catch(() => '');
      return text.split('\n').filter((line) => line !== '');
    },
  };
}

/** The script of a helper that knows one answer for everything. */
export function answers(username: string, secret: string): string {
  return `echo '${JSON.stringify({ ServerURL: 'x', Username: username, Secret: secret })}'`;
}

export const NOT_FOUND = 'echo "credentials not found in native keychain"; exit 1';
