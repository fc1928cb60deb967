/** How help and usage errors look; commander decides what stands in them. */
import {
  Help,
  type CommandUnknownOpts,
  type HelpConfiguration,
  type OutputConfiguration,
} from '@commander-js/extra-typings';
import type { Context } from './context.ts';
import { hasColors, painted, renderLine, styled } from './terminal/style.ts';

/** Bold titles, every alias of a command, and a command's own options before those that all have. */
export function helpStyle(colors: boolean): HelpConfiguration {
  return {
    styleTitle: (title) => (colors ? painted(title, 'bold') : title),
    subcommandTerm: (command: CommandUnknownOpts) => [command.name(), ...command.aliases()].join(', '),
    groupItems(unsorted, visible, groupOf) {
      const groups = Help.prototype.groupItems.call(this, unsorted, visible, groupOf as never);
      const isOwn = (title: string): number => (title === 'Options:' ? 1 : 0);
      return new Map([...groups].sort(([a], [b]) => isOwn(b) - isOwn(a))) as never;
    },
  };
}

/** A usage error is one line, with what would help. */
export function usageErrors(command: string, context: Context): OutputConfiguration {
  return {
    outputError(text, write) {
      const message = text
        .trim()
        .replace(/^error: /, '')
        .replace(/\n/g, ' ');
      const hint = styled(`; hint: see "${command} --help"`, 'dim');
      write(`${renderLine([styled('error:', 'red'), ` ${message}`, hint], hasColors(context.stderr, context.env))}\n`);
    },
  };
}
