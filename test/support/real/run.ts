/** Running a real program to its end. */
import { execFile } from 'node:child_process';
import { type Tool, toolPath } from './find-tool.ts';

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Runs a program and returns the bytes that it printed; a failure carries what it said on stderr.
 * Of the environment it sees PATH alone: nobody's credentials and settings.
 */
export function run(tool: Tool, args: readonly string[], { cwd, env }: RunOptions = {}): Promise<Uint8Array> {
  const options = {
    cwd,
    env: { PATH: process.env.PATH, HOME: '/nonexistent', ...env },
    encoding: 'buffer' as const,
    maxBuffer: 64 << 20,
  };
  return new Promise((resolve, reject) => {
    execFile(toolPath(tool), args, options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${tool} ${args[0]}: ${stderr.toString().trim() || error.message}`));
    });
  });
}

/** Like {@link run}, for a program that prints text. */
export async function runText(tool: Tool, args: readonly string[], options?: RunOptions): Promise<string> {
  return new TextDecoder().decode(await run(tool, args, options));
}
