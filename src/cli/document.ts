/** Documents on their way out: exact bytes to stdout or, whole or not at all, to a file. */
import { type Command, Option, type OptionValues } from '@commander-js/extra-typings';
import { writeOutput } from './places/output-file.ts';
import type { Session } from './session.ts';
import { escapeJson } from './terminal/safe-text.ts';

export type DocumentFlags = {
  readonly output?: string | undefined;
  readonly pretty?: true | undefined;
};

/** `--output --pretty` */
export function documentOptions<A extends unknown[], O extends OptionValues>(
  command: Command<A, O>,
): Command<A, O & DocumentFlags> {
  // What a template makes is for stdout, and the document itself is then nowhere.
  command.addOption(
    new Option('-o, --output <file>', 'write to this file; it appears when it is complete').conflicts('template'),
  );
  command.addOption(new Option('--pretty', 'indent it; the bytes are then no longer those of its digest'));
  return command;
}

/** Writes a JSON document where the flags say. */
export async function writeDocument(session: Session, bytes: Uint8Array, flags: DocumentFlags): Promise<void> {
  const document = flags.pretty === true ? indented(bytes) : bytes;
  if (flags.output === undefined || flags.output === '-') return session.output.bytes(document, 'json');
  await writeOutput(session.context, flags.output, document);
}

function indented(bytes: Uint8Array): Uint8Array {
  const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
  return new TextEncoder().encode(`${escapeJson(JSON.stringify(value, undefined, 2))}\n`);
}
