/** A file of kept tokens for one test, as several processes would have it one after the other. */
import { join } from 'node:path';
import type { KeptToken, TokenStore } from '../../src/http/token-store.ts';
import { fileTokenStore } from '../../src/node/credentials/token-file.ts';
import { temporaryDirectory } from './real/temporary.ts';

export const PULL: readonly string[] = ['repository:a/b:pull'];

export interface TokenPlace {
  readonly file: string;
  /** A store as a new process has it. @param laterMs how much later that is */
  readonly open: (laterMs?: number) => TokenStore;
  readonly problems: string[];
}

/** With a file of its own, which is not there yet. */
export function inPlace(body: (place: TokenPlace) => Promise<void>): () => Promise<void> {
  return async () => {
    const { path, remove } = await temporaryDirectory('tokens');
    const problems: string[] = [];
    const file = join(path, 'lading', 'tokens.json');
    const open = (laterMs: number = 0): TokenStore =>
      fileTokenStore(file, { now: () => 1e12 + laterMs, onProblem: ({ message }) => problems.push(message) });
    try {
      await body({ file, open, problems });
    } finally {
      await remove();
    }
  };
}

/** A token of `reg.test` for a minute. */
export function keptToken(change: Partial<KeptToken> = {}): KeptToken {
  const issue = { host: 'reg.test', registry: 'https://reg.test', realm: 'https://auth.reg.test/token', account: 'me' };
  const from = 'https://reg.test/v2/';
  return { ...issue, from, scopes: PULL, value: 'value', lifetimeMs: 60_000, ...change };
}
