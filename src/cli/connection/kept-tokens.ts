/** Where tokens are kept between commands, for who wants that: `$XDG_CACHE_HOME/lading/tokens.json`. A cache is in nobody's backup. */
import path from 'node:path';
import type { TokenStore } from '../../http/token-store.ts';
import type { Context } from '../context.ts';
import { cacheHome } from '../places/cache-home.ts';

export function tokenFile({ env }: Context): string {
  return path.join(cacheHome(env), 'tokens.json');
}

/** The store; what is wrong with it is told, once. */
export async function keptTokens(context: Context, tell: (problem: string) => void): Promise<TokenStore> {
  const { fileTokenStore } = await import('../../node/credentials/token-file.ts');
  return fileTokenStore(tokenFile(context), { onProblem: ({ message }) => tell(message) });
}
