/**
 * The user's folder for what can be made again: `$XDG_CACHE_HOME/lading`, else `~/.cache/lading`. The entry of the program asks for it
 * as well, so that modules of Node are got when they are used.
 */

type Env = Readonly<Record<string, string | undefined>>;

export function cacheHome(env: Env): string {
  const path = process.getBuiltinModule('node:path');
  const { XDG_CACHE_HOME: base = '' } = env;
  return path.join(path.isAbsolute(base) ? base : path.join(homeOf(env), '.cache'), 'lading');
}

/** The same where it may be made, undefined elsewhere: a home that is not there is not made, since services have such. */
export function usualCache(env: Env): string | undefined {
  const isNamed = process.getBuiltinModule('node:path').isAbsolute(env.XDG_CACHE_HOME ?? '');
  return isNamed || process.getBuiltinModule('node:fs').existsSync(homeOf(env)) ? cacheHome(env) : undefined;
}

function homeOf(env: Env): string {
  return env.HOME ?? process.getBuiltinModule('node:os').homedir();
}
