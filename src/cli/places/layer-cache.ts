/** Where indexes of layers are kept between commands: `--cache`, `$LADING_CACHE`, `$XDG_CACHE_HOME/lading`, in this order. */
import { stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { type Command, Option, type OptionValues } from '@commander-js/extra-typings';
import { cacheDirectory } from '../../node/files/cache-directory.ts';
import type { Cache } from '../../store/cache.ts';
import type { Context } from '../context.ts';
import type { Session } from '../session.ts';

/** How much of layers is read. */
export type LayerFlags = {
  readonly cache?: string | undefined;
  readonly whole?: true | undefined;
};

/** `--cache --whole` */
export function layerOptions<A extends unknown[], O extends OptionValues>(
  command: Command<A, O>,
): Command<A, O & LayerFlags> {
  command.addOption(
    new Option('--cache <dir>', 'keep indexes of layers there, to read less of them the next time; none: nowhere'),
  );
  command.addOption(new Option('--whole', 'read layers whole, whatever their tables of contents say'));
  return command;
}

/** Undefined: nothing is kept. */
export async function layerCache(session: Session, { cache, whole }: LayerFlags): Promise<Cache | undefined> {
  const { context, output } = session;
  const named = cache ?? (context.env.LADING_CACHE || undefined);
  if (whole === true || named === 'none') return undefined;
  if (named !== undefined) {
    return cacheDirectory(path.resolve(context.cwd, named), { onProblem: ({ message }) => output.note(message) });
  }
  const usual = await usualDirectory(context);
  return usual === undefined ? undefined : cacheDirectory(usual);
}

/** A home that is not there is not made: services have such. */
async function usualDirectory({ env }: Context): Promise<string | undefined> {
  const { XDG_CACHE_HOME: base = '' } = env;
  if (path.isAbsolute(base)) return path.join(base, 'lading');
  const home = env.HOME ?? homedir();
  const isThere = await stat(home).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
  return isThere ? path.join(home, '.cache', 'lading') : undefined;
}
