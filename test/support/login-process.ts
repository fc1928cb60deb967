/** Logins in processes of their own, to be killed or raced; bundled once, so that starting one is quick. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestContext } from 'node:test';
import { build } from 'esbuild';

const login = fileURLToPath(new URL('../../src/node/credentials/login.ts', import.meta.url));

/** Logs in to `<prefix>0.io`, `<prefix>1.io` and so on, and says a line before the first and after each. */
const source = `
import { storeCredential } from ${JSON.stringify(login)};
const [home, prefix, count] = process.argv.slice(2);
console.log('ready');
for (let at = 0; at < Number(count); at++) {
  await storeCredential(prefix + at + '.io', { username: 'u', password: 'p'.repeat(200) }, { env: {}, home });
  console.log('done');
}
`;

export interface LoginProcess {
  readonly child: ChildProcess;
  /** Its exit code, once it has ended. */
  readonly ended: Promise<number | null>;
  /** Waits until so many logins are done, or the process has ended. */
  readonly logins: (count: number) => Promise<void>;
}

export type StartLogins = (home: string, prefix: string, count: number) => Promise<LoginProcess>;

/** @returns a function that starts a process, and waits until it is about to log in */
export async function loginProcesses(context: TestContext): Promise<StartLogins> {
  const folder = await mkdtemp(join(tmpdir(), 'lading-login-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  const outfile = join(folder, 'login.mjs');
  const stdin = { contents: source, resolveDir: folder };
  await build({
    stdin,
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    conditions: ['source'],
    logLevel: 'silent',
  });
  return async (home, prefix, count) => {
    const child = spawn(process.execPath, [outfile, home, prefix, String(count)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(child, 'close').then(([code]) => code as number | null);
    let lines = 0;
    child.stdout.on('data', (chunk: Buffer) => (lines += chunk.toString().split('\n').length - 1));
    const logins = async (wanted: number): Promise<void> => {
      const isEarly = (): boolean => lines <= wanted && child.exitCode === null;
      while (isEarly()) await Promise.race([once(child.stdout, 'data'), ended]);
    };
    await logins(0);
    return { child, ended, logins };
  };
}
