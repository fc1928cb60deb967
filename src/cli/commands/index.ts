/** `index`: multi-platform images, made of images and changed. */
import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import type { Frame } from '../frame.ts';
import { addCommand, createCommand } from '../index/add.ts';
import { annotateCommand, filterCommand, removeCommand } from '../index/edit.ts';
import { listCommand } from '../index/list.ts';

export function build(frame: Frame): CommandUnknownOpts {
  return new Command()
    .description('Make multi-platform images of images, and change what they list.')
    .addCommand(createCommand(frame))
    .addCommand(addCommand(frame))
    .addCommand(removeCommand(frame))
    .addCommand(filterCommand(frame))
    .addCommand(annotateCommand(frame))
    .addCommand(listCommand(frame));
}
