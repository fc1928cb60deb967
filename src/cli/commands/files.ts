/** `files`. */
import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import type { Frame } from '../frame.ts';

export function build(_frame: Frame): CommandUnknownOpts {
  return new Command();
}
