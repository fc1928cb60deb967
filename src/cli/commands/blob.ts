/** `blob get`, `blob push`, `blob delete`: content by its digest. */
import { Command, type CommandUnknownOpts, Option } from '@commander-js/extra-typings';
import { OciError } from '../../errors.ts';
import { formatReference } from '../../model/reference.ts';
import { saveContent } from '../../node/save-content.ts';
import { openBlob } from '../blobs.ts';
import { withExamples } from '../examples.ts';
import type { Frame } from '../frame.ts';
import { changeOptions, outputOptions, registryOptions } from '../options.ts';
import { outputPlace } from '../output-file.ts';
import { remove } from '../removal.ts';
import { contentOfFile } from '../file-content.ts';

export function build(frame: Frame): CommandUnknownOpts {
  return new Command()
    .description('Get, push or delete a blob, by its digest.')
    .addCommand(getCommand(frame))
    .addCommand(pushCommand(frame))
    .addCommand(deleteCommand(frame));
}

function getCommand(frame: Frame): CommandUnknownOpts {
  const command = registryOptions(outputOptions(new Command('get')))
    .description('Write the bytes of a blob to stdout or a file. Wrong bytes never become a file.')
    .argument('<blob>', 'repository@digest, or oci:DIR@digest')
    .argument('[digest]', 'the digest, where it does not stand in the name')
    .addOption(new Option('-o, --output <file>', 'write to this file; it appears when it is complete'))
    .action((name, digest, flags) =>
      frame.run(flags, async (session) => {
        const content = await openBlob(session, name, digest);
        if (flags.output !== undefined && flags.output !== '-')
          return saveContent(content, outputPlace(session.context, flags.output), session.call);
        if (session.context.stdout.isTTY === true && flags.output === undefined) {
          throw new OciError('USAGE', 'a blob would upset the terminal', {
            hint: 'add --output FILE, or --output - to see it all the same',
          });
        }
        for await (const chunk of content.open(session.call)) await session.output.bytes(chunk);
      }),
    );
  return withExamples(command, `lading blob get alpine@sha256:${'0'.repeat(64)} --output layer.tar.gz`);
}

function pushCommand(frame: Frame): CommandUnknownOpts {
  const command = changeOptions(registryOptions(outputOptions(new Command('push'))))
    .description('Push a file as a blob, and print its digest.')
    .argument('<repository>', 'where to')
    .argument('<file>', 'the file, or - for stdin')
    .action((name, file, flags) =>
      frame.run(flags, async (session) => {
        const { reference, repository } = await session.repository(name, 'to');
        const content = await contentOfFile(session, file);
        const { digest, size } = content.descriptor;
        const outcome = flags.dryRun === true ? 'planned' : await repository.putBlob(content, session.call);
        const { tag: _, ...place } = reference;
        if (session.output.isJson)
          return session.output.json({ reference: formatReference({ ...place, digest }), digest, size, outcome });
        return session.output.line(digest);
      }),
    );
  return withExamples(
    command,
    'lading blob push localhost:5000/app layer.tar.gz',
    'cat sbom.json | lading blob push localhost:5000/app -',
  );
}

function deleteCommand(frame: Frame): CommandUnknownOpts {
  const command = changeOptions(registryOptions(outputOptions(new Command('delete'))))
    .description('Delete a blob from a repository, whatever refers to it.')
    .argument('<blob>', 'repository@digest')
    .option('--ignore-missing', 'a blob that is not there is no error')
    .action((blob, flags) =>
      frame.run(flags, async (session) => {
        const { reference, repository } = await session.repository(blob);
        const { tag: _, ...place } = reference;
        if (place.digest === undefined)
          throw new OciError('USAGE', `${blob} has no digest`, { hint: 'write repository@digest' });
        const ignoreMissing = flags.ignoreMissing === true;
        const name = formatReference(place);
        return remove(
          session,
          { store: repository, name, what: { blob: place.digest }, kind: 'the blob', alongside: [], ignoreMissing },
          flags,
        );
      }),
    );
  return withExamples(command, `lading blob delete --yes localhost:5000/app@sha256:${'0'.repeat(64)}`);
}
