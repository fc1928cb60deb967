/** `blob push` and `blob copy`: content put somewhere by itself. */
import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { digestMismatch } from '../../bytes/verify.ts';
import { counted } from '../../graph/progress.ts';
import { digestAlgorithm } from '../../model/digest.ts';
import type { Locator } from '../../node/locator.ts';
import type { Content } from '../../store/types.ts';
import { openBlob } from './find.ts';
import { withExamples } from '../examples.ts';
import { contentOfFile } from '../places/file-content.ts';
import type { Frame } from '../frame.ts';
import { atDigest, digestIn, openEnded } from '../places/locator-names.ts';
import { openDestination } from '../places/locators.ts';
import { changeOptions, endOptions, outputOptions, registryOptions } from '../options/shared.ts';
import type { Session } from '../session.ts';

export function pushCommand(frame: Frame): CommandUnknownOpts {
  const command = changeOptions(registryOptions(outputOptions(new Command('push'))))
    .description('Push a file as a blob, and print its digest.')
    .argument('<repository>', 'where to: repository, or oci:DIR; with @digest it has to be of that')
    .argument('<file>', 'the file, or - for stdin')
    .action((name, file, flags) =>
      frame.run(flags, async (session) => {
        const locator = openEnded(name, 'a blob');
        const wanted = digestIn(locator);
        const algorithm = wanted && digestAlgorithm(wanted);
        const content = await contentOfFile(session, file, { algorithm });
        const { digest } = content.descriptor;
        if (wanted !== undefined && wanted !== digest) throw digestMismatch(wanted, digest, file);
        await putBlob(session, content, locator, flags.dryRun === true);
      }),
    );
  return withExamples(
    command,
    'lading blob push localhost:5000/app layer.tar.gz',
    'cat sbom.json | lading blob push localhost:5000/app -',
  );
}

export function copyCommand(frame: Frame): CommandUnknownOpts {
  const command = endOptions(changeOptions(registryOptions(outputOptions(new Command('copy')))))
    .alias('cp')
    .description('Copy a blob to another place. In the same registry it is mounted, and no byte of it is sent.')
    .argument('<blob>', 'repository@digest, or oci:DIR@digest')
    .argument('<repository>', 'where to: repository, or oci:DIR')
    .action((blob, name, flags) =>
      frame.run(flags, async (session) => {
        const { content } = await openBlob(session, blob, undefined);
        await putBlob(session, content, openEnded(name, 'a blob'), flags.dryRun === true);
      }),
    );
  return withExamples(command, `lading blob copy alpine@sha256:${'0'.repeat(64)} localhost:5000/alpine`);
}

async function putBlob(session: Session, content: Content, locator: Locator, dryRun: boolean): Promise<void> {
  const { call, output, progress } = session;
  const { descriptor } = content;
  const { digest, size } = descriptor;
  const { target, at } = await openDestination(session, atDigest(locator, digest));
  const put = async (): Promise<string> => {
    call.on?.({ type: 'start', descriptor });
    const outcome = await target.putBlob(counted(content, call.on), call);
    call.on?.({ type: 'done', descriptor, outcome });
    return outcome;
  };
  const outcome = dryRun ? 'planned' : await put();
  progress.close();
  if (output.isJson) return output.json({ reference: at(digest), digest, size, outcome });
  return output.line(digest);
}
