/** Signals of the process as an abort signal: the first asks the command to stop, the second ends the process at once. */
import { OciError } from '../../errors.ts';
import type { Context, SignalName } from '../context.ts';
import { EXIT } from '../exit-codes.ts';

export interface Interrupt {
  readonly signal: AbortSignal;
  /** The exit code that the signal asks for; undefined: none came. */
  readonly exitCode: number | undefined;
  close(): void;
}

const codes: Readonly<Record<SignalName, number>> = { SIGINT: EXIT.interrupted, SIGTERM: EXIT.terminated };

export function listenForInterrupt(context: Context): Interrupt {
  const controller = new AbortController();
  let exitCode: number | undefined;
  const stop = (name: SignalName): void => {
    if (exitCode !== undefined) return context.exit(codes[name]);
    exitCode = codes[name];
    const reason = new OciError('ABORTED', name === 'SIGINT' ? 'interrupted' : 'terminated');
    controller.abort(reason);
    // Whoever waits for stdin learns it so: no signal ends a read that is under way.
    context.stdin.on('error', () => {}).destroy(reason);
  };
  const listening = (Object.keys(codes) as SignalName[]).map((name) => context.onSignal(name, () => stop(name)));
  return {
    signal: controller.signal,
    get exitCode() {
      return exitCode;
    },
    close: () => listening.forEach((end) => end()),
  };
}
