/** Where indexes of layers are kept between commands: `--cache`, `$LADING_CACHE`, `$XDG_CACHE_HOME/lading`, in this order. */
import path from 'node:path';
import { type Command, Option, type OptionValues } from '@commander-js/extra-typings';
import { cacheDirectory } from '../../node/files/cache-directory.ts';
import type { Cache } from '../../store/cache.ts';
import type { Session } from '../session.ts';
import { usualCache } from './cache-home.ts';

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
  const usual = usualCache(context.env);
  return usual === undefined ? undefined : cacheDirectory(usual);
}
