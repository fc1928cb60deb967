/** `v1 images`, `v1 tags`, `v1 image-id`: what is in a repository of the v1 protocol. */
import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { withDefaultTag } from '../../model/reference.ts';
import { withExamples } from '../examples.ts';
import type { Frame } from '../frame.ts';
import { outputOptions, registryOptions } from '../options/shared.ts';
import { imageIdOf, openV1Repository } from './session.ts';

const REPOSITORY = 'e.g. registry.example.com/team/app';

export function imagesCommand(frame: Frame): CommandUnknownOpts {
  const command = registryOptions(outputOptions(new Command('images')))
    .summary('list the images of a repository')
    .description('List the ids of all images of a repository, as its index knows them.')
    .argument('<repository>', REPOSITORY)
    .action((name, flags) =>
      frame.run(flags, async (session) => {
        const { output, call } = session;
        const { client, reference, repository } = await openV1Repository(session, name);
        const images = await client.images(reference, call);
        if (output.isJson) return output.json({ repository, images });
        for (const { id } of images) await output.line(id);
      }),
    );
  return withExamples(command, 'lading v1 images registry.example.com/team/app');
}

export function tagsCommand(frame: Frame): CommandUnknownOpts {
  const command = registryOptions(outputOptions(new Command('tags')))
    .summary('list the tags of a repository')
    .description('List the tags of a repository, with the image id of each.')
    .argument('<repository>', REPOSITORY)
    .action((name, flags) =>
      frame.run(flags, async (session) => {
        const { output, call } = session;
        const { client, reference, repository } = await openV1Repository(session, name);
        const tags = await client.tags(reference, call);
        if (output.isJson) return output.json({ repository, tags });
        return output.table(
          [{}, {}],
          Object.entries(tags).map(([tag, id]) => [tag, id]),
        );
      }),
    );
  return withExamples(command, 'lading v1 tags registry.example.com/team/app');
}

export function imageIdCommand(frame: Frame): CommandUnknownOpts {
  const command = registryOptions(outputOptions(new Command('image-id')))
    .summary('print the id of the image of a tag')
    .description('Print the id of the image of a tag.')
    .argument('<reference>', 'e.g. registry.example.com/team/app:1.0; latest unless told')
    .action((name, flags) =>
      frame.run(flags, async (session) => {
        const named = await openV1Repository(session, name);
        const imageId = await imageIdOf(session, named);
        const { tag } = withDefaultTag(named.reference);
        if (session.output.isJson) return session.output.json({ repository: named.repository, tag, imageId });
        return session.output.line(imageId);
      }),
    );
  return withExamples(command, 'lading v1 image-id registry.example.com/team/app:1.0');
}
