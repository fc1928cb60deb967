/** Progress on stderr: chooses between bars, lines, JSON and nothing, and feeds what is chosen. */
import type { Activity } from '../../model/call.ts';
import type { Context } from '../context.ts';
import { streamOf } from '../standard-output.ts';
import type { Output } from './output.ts';
import { arrivalLine, plainLine, terminalLines } from './progress-lines.ts';
import { safeJson } from './safe-text.ts';
import { hasColors, renderLine, widthOf } from './style.ts';
import { createTransfers, type Transfers } from './transfers.ts';

export const PROGRESS_MODES = ['auto', 'tty', 'plain', 'json', 'none'] as const;
export type ProgressMode = (typeof PROGRESS_MODES)[number];

export interface Progress {
  on(activity: Activity): void;
  /** Takes down what is painted. */
  close(): void;
}

/** What `auto` means here: bars on a terminal, lines elsewhere, nothing when quiet. */
export function progressMode(wanted: ProgressMode, context: Context, quiet: boolean): Exclude<ProgressMode, 'auto'> {
  if (wanted !== 'auto') return wanted;
  if (quiet) return 'none';
  return context.stderr.isTTY === true && context.env.TERM !== 'dumb' ? 'tty' : 'plain';
}

export async function createProgress(
  mode: Exclude<ProgressMode, 'auto'>,
  context: Context,
  output: Output,
  debug: boolean = false,
): Promise<Progress> {
  if (mode === 'tty') return barProgress(context, output);
  if (mode === 'json') return jsonProgress(context, debug);
  if (mode === 'plain') return plainProgress(context, output);
  return { on: () => {}, close: () => {} };
}

/** A line when an object has arrived, and one every ten seconds for those that take long. */
const PLAIN_EVERY_MS = 10_000;

function plainProgress(context: Context, output: Output): Progress {
  const transfers = createTransfers();
  const told = new Map<string, number>();
  return {
    on(activity) {
      const nowMs = context.now();
      const arrival = transfers.apply(activity, nowMs);
      if (arrival !== undefined) output.note(...arrivalLine(arrival));
      if (activity.type !== 'progress') return;
      const { digest } = activity.descriptor;
      const transfer = transfers.active.find(({ descriptor }) => descriptor.digest === digest);
      if (transfer === undefined || nowMs - (told.get(digest) ?? transfer.startedMs) < PLAIN_EVERY_MS) return;
      told.set(digest, nowMs);
      output.note(...plainLine(transfer));
    },
    close: () => {},
  };
}

const JSON_EVERY_MS = 250;

/** Activities as they come, one JSON object a line; the many steps of one object are thinned out. */
function jsonProgress(context: Context, debug: boolean): Progress {
  const told = new Map<string, number>();
  return {
    on(activity) {
      if (!debug && (activity.type === 'request' || activity.type === 'response')) return;
      if (activity.type === 'progress') {
        const nowMs = context.now();
        if (nowMs - (told.get(activity.descriptor.digest) ?? -Infinity) < JSON_EVERY_MS) return;
        told.set(activity.descriptor.digest, nowMs);
      }
      context.stderr.write(`${safeJson(activity)}\n`);
    },
    close: () => {},
  };
}

const PAINT_EVERY_MS = 100;

/** Bars at the foot of the terminal. The redraw library is loaded only when there is something to draw. */
async function barProgress(context: Context, output: Output): Promise<Progress> {
  const { createLogUpdate } = await import('log-update');
  const log = createLogUpdate(streamOf(context.stderr), { showCursor: true });
  const transfers = createTransfers();
  const colors = hasColors(context.stderr, context.env);
  const paint = (): void => log(frame(transfers, context, colors));
  const foot = { clear: () => log.clear(), paint: () => (transfers.active.length > 0 ? paint() : undefined) };
  let timer: NodeJS.Timeout | undefined;
  const start = (): void => {
    timer ??= setInterval(paint, PAINT_EVERY_MS);
    output.setFoot(foot);
  };
  return {
    on(activity) {
      const arrival = transfers.apply(activity, context.now());
      if (arrival !== undefined) output.note(...arrivalLine(arrival));
      if (activity.type === 'start') start();
    },
    close() {
      clearInterval(timer);
      output.setFoot(undefined);
      log.clear();
    },
  };
}

function frame(transfers: Transfers, context: Context, colors: boolean): string {
  const lines = terminalLines(transfers, widthOf(context.stderr, context.env), context.stderr.rows ?? 24);
  return lines.map((line) => renderLine(line, colors)).join('\n');
}
