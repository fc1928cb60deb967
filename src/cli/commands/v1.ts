/** `v1 …`: the retired protocol, read only. */
import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import type { Frame } from '../frame.ts';
import { ancestryCommand, jsonCommand, layerCommand } from '../v1/image.ts';
import { loginCommand, pingCommand, searchCommand } from '../v1/index.ts';
import { imageIdCommand, imagesCommand, tagsCommand } from '../v1/repository.ts';

export function build(frame: Frame): CommandUnknownOpts {
  return new Command()
    .description(
      'Read from a registry of the v1 protocol, which hardly any still speaks. Nothing is ever written to it.',
    )
    .addCommand(pingCommand(frame))
    .addCommand(searchCommand(frame))
    .addCommand(imagesCommand(frame))
    .addCommand(tagsCommand(frame))
    .addCommand(imageIdCommand(frame))
    .addCommand(ancestryCommand(frame))
    .addCommand(jsonCommand(frame))
    .addCommand(layerCommand(frame))
    .addCommand(loginCommand(frame));
}
