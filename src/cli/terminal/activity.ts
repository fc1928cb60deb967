/** What a person is told of what happens: progress, retries, registries' warnings (once each), and with `--debug` every request. */
import type { Activity } from '../../model/call.ts';
import { formatDuration } from './bytes.ts';
import type { Output } from './output.ts';
import type { Progress } from './progress.ts';
import { styled } from './style.ts';
import { parseUrl } from '../../model/parse-url.ts';

export interface ActivityOptions {
  readonly progress: Progress;
  readonly output: Output;
  /** In `json`, stderr holds nothing but JSON. */
  readonly mode: 'tty' | 'plain' | 'json' | 'none';
  readonly debug: boolean;
}

export function activitySink({ progress, output, mode, debug }: ActivityOptions): (activity: Activity) => void {
  return (activity) => {
    progress.on(activity);
    if (activity.type === 'warning' && mode !== 'json') output.warn(`${activity.host} says: ${activity.text}`);
    else if (activity.type === 'retry' && mode !== 'json') tellRetry(activity, output);
    if (debug && mode !== 'json') tellRequest(activity, output);
  };
}

function tellRetry(retry: Activity & { type: 'retry' }, output: Output): void {
  const { method, url, reason, attempt, delayMs } = retry;
  output.note(
    styled(`${method} ${hostOf(url)}: ${reason}; try ${attempt + 1} in ${formatDuration(delayMs)}`, 'yellow'),
  );
}

function tellRequest(activity: Activity, output: Output): void {
  if (activity.type !== 'request' && activity.type !== 'response') return;
  const { method, url, headers } = activity;
  const [arrow, first] =
    activity.type === 'request' ? ['>', ''] : ['<', `${activity.status} in ${formatDuration(activity.durationMs)} `];
  output.error(styled(`${arrow} ${first}${method} ${url}`, 'dim'));
  for (const [name, value] of Object.entries(headers)) output.error(styled(`${arrow}   ${name}: ${value}`, 'dim'));
}

function hostOf(url: string): string {
  return parseUrl(url)?.host ?? url;
}
