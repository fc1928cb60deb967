/** That a command has failed as it should: by a code of ours, on one line, with the exit code that docs/cli.md gives to it. */
import assert from 'node:assert/strict';
import type { ErrorCode } from '../../../src/errors.ts';
import type { CliResult } from '../cli.ts';

const exitCodes: Partial<Readonly<Record<ErrorCode, number>>> = {
  CONFLICT: 1,
  DIGEST_MISMATCH: 5,
  DIGEST_INVALID: 5,
  IO: 1,
  LAYOUT_INVALID: 1,
  LIMIT: 1,
  MANIFEST_INVALID: 1,
  NOT_FOUND: 3,
  SIZE_MISMATCH: 5,
  TOO_LARGE: 1,
  UNSUPPORTED: 7,
  USAGE: 2,
};

/** The code of the error that a command has ended with. */
export function refusal({ code, stderr, stdout }: CliResult, what: string): ErrorCode {
  const lines = stderr.split('\n').filter((line) => line.startsWith('error:'));
  assert.equal(lines.length, 1, `${what} ended with ${code}: ${stderr || stdout}`);
  assert.doesNotMatch(stderr, /\n\s+at |[\x00-\x09\x0b-\x1f\x7f]/, what);
  const name = [...(lines[0] ?? '').matchAll(/\(([A-Z_]+)\)(?:;|$)/g)].at(-1)?.[1] as ErrorCode;
  assert.equal(code, exitCodes[name], `${what}: ${stderr}`);
  return name;
}

export function assertDone({ code, stderr }: CliResult, what: string): void {
  assert.equal(code, 0, `${what}: ${stderr}`);
}
