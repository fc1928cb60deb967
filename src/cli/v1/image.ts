/** `v1 ancestry`, `v1 json`, `v1 layer`: what is known of one image of the v1 protocol, and its bytes. */
import { Command, type CommandUnknownOpts, Option } from '@commander-js/extra-typings';
import { OciError } from '../../errors.ts';
import { saveBytes } from '../../node/files/save-content.ts';
import type { V1Layer } from '../../v1/layer.ts';
import { documentOptions, writeDocument } from '../document.ts';
import { withExamples } from '../examples.ts';
import type { Frame } from '../frame.ts';
import { outputOptions, registryOptions } from '../options/shared.ts';
import { outputPlace } from '../places/output-file.ts';
import type { Session } from '../session.ts';
import { openV1Image } from './session.ts';

const REFERENCE = 'a repository, with a tag unless an image id follows; latest unless told';
const IMAGE_ID = '64 hex digits; that of the tag unless told';
const ID = '9e89cc6f0bc3c38722009fe6857087b486531f9a779a0c17e3ed29dae8f12c4f';

export function ancestryCommand(frame: Frame): CommandUnknownOpts {
  const command = registryOptions(outputOptions(new Command('ancestry')))
    .summary('list an image and its parents')
    .description('List the ids of an image and its parents, itself first: the layers, the topmost first.')
    .argument('<reference>', REFERENCE)
    .argument('[image-id]', IMAGE_ID)
    .action((name, id, flags) =>
      frame.run(flags, async (session) => {
        const { output, call } = session;
        const { client, reference, repository, imageId } = await openV1Image(session, name, id);
        const ancestry = await client.ancestry(reference, imageId, call);
        if (output.isJson) return output.json({ repository, imageId, ancestry });
        for (const one of ancestry) await output.line(one);
      }),
    );
  return withExamples(
    command,
    'lading v1 ancestry registry.example.com/team/app:1.0',
    `lading v1 ancestry registry.example.com/team/app ${ID}`,
  );
}

export function jsonCommand(frame: Frame): CommandUnknownOpts {
  const command = documentOptions(registryOptions(outputOptions(new Command('json'))))
    .summary('print the description of an image')
    .description('Print the description of an image, byte for byte; with --json, together with what the headers tell.')
    .argument('<reference>', REFERENCE)
    .argument('[image-id]', IMAGE_ID)
    .action((name, id, flags) =>
      frame.run(flags, async (session) => {
        const { output, call } = session;
        const { client, reference, repository, imageId } = await openV1Image(session, name, id);
        const { document, bytes, size, checksum, checksumPayload } = await client.json(reference, imageId, call);
        if (!output.isJson || isFile(flags)) await writeDocument(session, bytes, flags);
        if (output.isJson) await output.json({ repository, imageId, size, checksum, checksumPayload, document });
      }),
    );
  return withExamples(
    command,
    'lading v1 json --pretty registry.example.com/team/app:1.0',
    `lading v1 json registry.example.com/team/app ${ID} --output image.json`,
  );
}

type LayerFlags = { readonly output?: string | undefined; readonly verify?: true | undefined };

export function layerCommand(frame: Frame): CommandUnknownOpts {
  const command = registryOptions(outputOptions(new Command('layer')))
    .summary('write the layer of an image to stdout or a file')
    .description(
      'Write the layer of an image to stdout or a file: of this one image, without its parents. The protocol has no digests, so nothing proves the bytes.',
    )
    .argument('<reference>', REFERENCE)
    .argument('[image-id]', IMAGE_ID)
    .addOption(new Option('-o, --output <file>', 'write to this file; it appears when it is complete'))
    .option('--verify', 'compare with the checksum of the registry itself; an error where it tells none')
    .action((name, id, flags) =>
      frame.run(flags, async (session) => {
        checkPlace(session, flags);
        const { client, reference, repository, imageId } = await openV1Image(session, name, id);
        const verify = flags.verify === true;
        const layer = await client.layer(reference, imageId, { ...session.call, verify });
        const bytes = await write(session, layer, flags);
        session.output.note(verify ? 'the bytes agree with the checksum of the registry itself' : UNVERIFIED);
        const { output } = flags;
        if (session.output.isJson) return session.output.json({ repository, imageId, output, bytes, verified: verify });
      }),
    );
  return withExamples(
    command,
    'lading v1 layer registry.example.com/team/app:1.0 --output layer.tar.gz',
    `lading v1 layer --verify registry.example.com/team/app ${ID} --output layer.tar.gz`,
  );
}

const UNVERIFIED = 'the bytes are unverified: the v1 protocol has no digests';

function checkPlace({ context, output }: Session, flags: LayerFlags): void {
  if (output.isJson && !isFile(flags)) {
    throw new OciError('USAGE', 'the layer and the JSON cannot both go to stdout', { hint: 'add --output FILE' });
  }
  if (context.stdout.isTTY === true && flags.output === undefined) {
    throw new OciError('USAGE', 'a layer would upset the terminal', {
      hint: 'add --output FILE, or --output - to see it all the same',
    });
  }
}

function isFile({ output }: { readonly output?: string | undefined }): boolean {
  return output !== undefined && output !== '-';
}

/** @returns how many bytes there were */
async function write(session: Session, layer: V1Layer, { output }: LayerFlags): Promise<number> {
  let size = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of layer.bytes) {
      size += chunk.length;
      yield chunk;
    }
  }
  try {
    if (output === undefined || output === '-') for await (const chunk of counted()) await session.output.bytes(chunk);
    else
      await saveBytes(counted(), outputPlace(session.context, output), {
        signal: session.call.signal,
        size: layer.size,
      });
  } finally {
    await layer.cancel();
  }
  return size;
}
