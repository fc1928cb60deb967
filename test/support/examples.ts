/**
 * Runs the programs of `examples/` as their readers would: child processes that import the built package. Of this machine they
 * see PATH and an empty home, in which they also stand: nobody's credentials, settings and proxies.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface ExampleResult {
  readonly code: number;
  readonly stdout: string;
  readonly stdoutBytes: Buffer;
  readonly stderr: string;
}

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Runs one to its end, whatever that is.
 * @param name of its file, without `.mjs`
 * @param env beside PATH and HOME
 */
export async function runExample(
  name: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<ExampleResult> {
  if (!existsSync(join(root, 'dist/index.js'))) throw new Error('the package is not built: npm run build');
  const home = await mkdtemp(join(tmpdir(), 'lading-example-'));
  try {
    const file = join(root, 'examples', `${name}.mjs`);
    return await run([file, ...args], home, { PATH: process.env.PATH, HOME: home, ...env });
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

/** Runs one that has to succeed. @returns the lines that it printed */
export async function exampleLines(
  name: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<readonly string[]> {
  const { code, stdout, stderr } = await runExample(name, args, env);
  if (code !== 0) throw new Error(`examples/${name}.mjs ${args.join(' ')}: ${code}\n${stdout}${stderr}`);
  return stdout.trimEnd().split('\n');
}

/** Writes a `config.json` as docker does at a login. @returns the environment that leads there */
export async function dockerConfig(
  directory: string,
  accounts: Readonly<Record<string, { readonly username: string; readonly password: string }>>,
): Promise<{ readonly DOCKER_CONFIG: string }> {
  const auths = Object.entries(accounts).map(([host, { username, password }]) => {
    return [host, { auth: Buffer.from(`${username}:${password}`).toString('base64') }] as const;
  });
  await writeFile(join(directory, 'config.json'), JSON.stringify({ auths: Object.fromEntries(auths) }));
  return { DOCKER_CONFIG: directory };
}

function run(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Promise<ExampleResult> {
  return new Promise((resolve, reject) => {
    const options = { cwd, env, encoding: 'buffer', timeout: 60_000, maxBuffer: 1 << 24 } as const;
    execFile(process.execPath, [...args], options, (error, stdoutBytes, stderr) => {
      // A signal, or no process at all, has no exit code.
      if (error !== null && typeof error.code !== 'number') return reject(error);
      const code = typeof error?.code === 'number' ? error.code : 0;
      return resolve({ code, stdout: stdoutBytes.toString(), stdoutBytes, stderr: stderr.toString() });
    });
  });
}
