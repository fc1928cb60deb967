/** What is to be seen of a command that met damaged content, and of the registry that it was to go to. */
import assert from 'node:assert/strict';
import type { Digest } from '../../src/model/digest.ts';
import type { CommandResult } from './command.ts';
import type { LoggedRegistry } from './logged-registry.ts';

/** It ended with 5, named what is damaged and the error, and printed no result. */
export function assertRefused({ code, stdout, stderr }: CommandResult, expected: RegExp, damaged: Digest): void {
  assert.match(stderr, expected);
  assert.ok(stderr.includes(damaged), stderr);
  assert.equal(code, 5);
  assert.equal(stdout, '');
}

/** Neither the image nor its tag is there, and what was damaged was never taken. */
export async function assertNotThere(
  { registry, log }: LoggedRegistry,
  name: string,
  image: Digest,
  damaged: Digest,
): Promise<void> {
  const repository = registry.repository(name);
  assert.equal(await repository.resolve('1'), undefined);
  assert.equal(await repository.resolve(image), undefined);
  assert.equal(await repository.stat(damaged), undefined);
  const puts = log.filter(({ method, path }) => method === 'PUT' && path.startsWith(`/v2/${name}/`));
  assert.ok(!puts.some(({ path, status }) => decodeURIComponent(path).includes(damaged) && status < 300));
}
