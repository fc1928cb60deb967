/** Reading from stdin: lines, all of it, a yes, and a password that is not shown. */
import { OciError } from '../../errors.ts';
import { readAll } from '../../bytes/read.ts';
import type { Context } from '../context.ts';

/** The lines of stdin, without their line breaks. */
export async function* stdinLines(context: Context): AsyncGenerator<string> {
  const { createInterface } = process.getBuiltinModule('node:readline');
  const lines = createInterface({ input: context.stdin, crlfDelay: Infinity });
  try {
    yield* lines;
  } finally {
    lines.close();
  }
}

/** All of stdin. @throws OciError `TOO_LARGE` */
export async function stdinText(context: Context, limit: number): Promise<string> {
  return new TextDecoder().decode(await readAll(context.stdin, limit, 'stdin'));
}

const MAX_SECRET_BYTES = 64 * 1024;

/** A secret from stdin, without the line break that `echo` adds. */
export async function stdinSecret(context: Context): Promise<string> {
  const secret = (await stdinText(context, MAX_SECRET_BYTES)).replace(/\r?\n$/, '');
  if (secret === '') throw new OciError('USAGE', 'stdin holds no password');
  return secret;
}

/** Asks on the terminal; what is typed is shown unless it is secret. @throws OciError `USAGE` without a terminal, `ABORTED` */
export async function ask(
  context: Context,
  question: string,
  options: { secret?: boolean; signal?: AbortSignal } = {},
): Promise<string> {
  if (context.stdin.isTTY !== true) {
    throw new OciError('USAGE', `there is no terminal to ask on: ${question.trim()}`);
  }
  const { createInterface } = process.getBuiltinModule('node:readline');
  const { Writable } = process.getBuiltinModule('node:stream');
  let muted = false;
  const shown = new Writable({
    write(chunk, _encoding, done) {
      if (!muted) context.stderr.write(chunk);
      done();
    },
  });
  const lines = createInterface({ input: context.stdin, output: shown, terminal: true, historySize: 0 });
  try {
    return await new Promise((resolve, reject) => {
      const stop = (): void => reject(new OciError('ABORTED', 'interrupted'));
      // In raw mode the terminal sends no signal: readline tells of Ctrl-C and Ctrl-D instead.
      lines.once('SIGINT', stop);
      lines.once('close', stop);
      options.signal?.addEventListener('abort', stop, { once: true });
      lines.question(question, resolve);
      muted = options.secret === true;
    });
  } finally {
    lines.close();
    if (options.secret === true) context.stderr.write('\n');
  }
}

/** Asks for a yes. Without a terminal there is nobody to ask: then `--yes` is needed. */
export async function confirm(context: Context, question: string, signal: AbortSignal): Promise<boolean> {
  if (context.stdin.isTTY !== true)
    throw new OciError('USAGE', `there is no terminal to ask on: ${question}`, { hint: 'add --yes' });
  const answer = await ask(context, `${question} [y/N] `, { signal });
  return /^y(es)?$/i.test(answer.trim());
}
