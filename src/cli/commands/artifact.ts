/** `artifact`: files in a registry. */
import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { pullCommand } from '../artifact/pull.ts';
import { pushCommand } from '../artifact/push.ts';
import type { Frame } from '../frame.ts';

export function build(frame: Frame): CommandUnknownOpts {
  return new Command()
    .description('Push files and directories as artifacts, and pull them again.')
    .addCommand(pushCommand(frame))
    .addCommand(pullCommand(frame));
}
