/** How an error is told: one line with what was attempted, what came back, its code and a hint; `--debug` adds the stack. */
import { isOciError, type OciError } from '../../errors.ts';
import type { Output } from './output.ts';
import { type Piece, styled } from './style.ts';

const MAX_MESSAGE = 2000;

/** The line of an error. */
export function errorLine(error: unknown, suggestion?: string): Piece[] {
  const known = isOciError(error);
  const message = oneLine(messageOf(error));
  const hint = suggestion ?? (known ? error.hint : undefined);
  const code = known ? ` (${error.code})` : '';
  return [
    styled('error:', 'red'),
    ` ${message}${code}`,
    ...(hint === undefined ? [] : [styled(`; hint: ${oneLine(hint)}`, 'dim')]),
  ];
}

/** The same as data, for `--progress json`. */
export function errorJson(error: unknown, exitCode: number, suggestion?: string): object {
  const known: Partial<OciError> = isOciError(error) ? error : {};
  return {
    type: 'error',
    code: known.code ?? 'INTERNAL',
    message: oneLine(messageOf(error)),
    hint: suggestion ?? known.hint,
    status: known.status,
    errors: known.errors === undefined || known.errors.length === 0 ? undefined : known.errors,
    request: known.request,
    retryAfterMs: known.retryAfterMs,
    missing: known.missing,
    digests: known.digests === undefined || known.digests.length === 0 ? undefined : known.digests,
    exitCode,
  };
}

/** The stack, and that of what caused it, line by line. */
export function tellStack(error: unknown, output: Output): void {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    const [first = '', ...frames] = (at.stack ?? at.message).split('\n');
    output.error(styled(`${depth === 0 ? '' : 'caused by '}${first}`, 'dim'));
    for (const line of frames) output.error(styled(line, 'dim'));
  }
}

function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}

function oneLine(text: string): string {
  const line = text.trim().replace(/\s*[\r\n]+\s*/g, ' ');
  return line.length <= MAX_MESSAGE ? line : `${line.slice(0, MAX_MESSAGE)}…`;
}
