/**
 * What every command runs in: opens the session, runs the body, and turns whatever comes of it into an exit code and at most one
 * line of error. The body of a command only knows its session.
 */
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { isOciError } from '../errors.ts';
import type { Context } from './context.ts';
import { errorJson, errorLine, tellStack } from './terminal/error-line.ts';
import { exitCodeOf, EXIT } from './exit-codes.ts';
import { type Interrupt, listenForInterrupt } from './terminal/interrupt.ts';
import type { Flags } from './options/shared.ts';
import { createOutput, type Output } from './terminal/output.ts';
import { safeJson } from './terminal/safe-text.ts';
import { openSession, type Session } from './session.ts';
import { isClosedPipe } from './terminal/sink.ts';

/** The body of a command; a number it answers with is the exit code. */
export type Body = (session: Session) => Promise<number | void>;

export interface Frame {
  readonly context: Context;
  /** Runs a command's body; {@link Frame.exitCode} tells how it ended. */
  run(flags: Flags, body: Body): Promise<void>;
  readonly exitCode: number;
}

/** Makes a command: its arguments, options, help and action. */
export type CommandBuilder = (frame: Frame) => CommandUnknownOpts;

export function createFrame(context: Context): Frame {
  let exitCode: number = EXIT.done;
  return {
    context,
    async run(flags, body) {
      exitCode = await runBody(context, flags, body);
    },
    get exitCode() {
      return exitCode;
    },
  };
}

async function runBody(context: Context, flags: Flags, body: Body): Promise<number> {
  const output = createOutput(context, flags);
  const interrupt = listenForInterrupt(context);
  let session: Session | undefined;
  try {
    await output.prepare();
    session = await openSession({ context, flags, output, signal: interrupt.signal });
    return (await body(session)) ?? EXIT.done;
  } catch (error) {
    session?.progress.close();
    return await explain(error, { context, flags, output, interrupt, session });
  } finally {
    await session?.close();
    interrupt.close();
    await output.close();
  }
}

interface Ending {
  readonly context: Context;
  readonly flags: Flags;
  readonly output: Output;
  readonly interrupt: Interrupt;
  readonly session: Session | undefined;
}

/** Tells the error, unless the reader has left; answers with the exit code. */
async function explain(error: unknown, { context, flags, output, interrupt, session }: Ending): Promise<number> {
  if (isClosedPipe(error)) return EXIT.done;
  const code = interrupt.exitCode ?? exitCodeOf(error);
  const suggestion = isOciError(error, 'NOT_FOUND') ? await session?.suggest() : undefined;
  if (flags.progress === 'json') context.stderr.write(`${safeJson(errorJson(error, code, suggestion))}\n`);
  else output.error(...errorLine(error, suggestion));
  const unexpected = !isOciError(error);
  if (flags.debug === true) tellStack(error, output);
  else if (unexpected) output.note('this is a defect of the program; --debug shows where');
  return code;
}
