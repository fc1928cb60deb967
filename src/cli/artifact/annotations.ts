/** The annotations of an artifact: flags, and the file that oras has for those of its manifest, its config and its files. */
import { OciError } from '../../errors.ts';
import { type Annotations, isObject } from '../../model/descriptor.ts';
import { quote } from '../../model/quote.ts';
import { readInput } from '../places/input-file.ts';
import { pairEdits } from '../options/named-values.ts';
import type { Session } from '../session.ts';

export interface ArtifactAnnotations {
  readonly manifest: Annotations;
  readonly config: Annotations;
  /** By their names, as on the command line. */
  readonly files: Readonly<Record<string, Annotations>>;
}

const MAX_BYTES = 4 * 1024 * 1024;

/** What a flag says wins. @throws OciError `USAGE`, `TOO_LARGE`, `IO` */
export async function readAnnotations(
  { context }: Session,
  pairs: readonly string[] | undefined,
  file: string | undefined,
): Promise<ArtifactAnnotations> {
  const told = file === undefined ? {} : parse(await readInput(context, file, MAX_BYTES), file);
  const { $manifest: manifest = {}, $config: config = {}, ...files } = told;
  return { manifest: { ...manifest, ...(pairEdits(pairs, undefined) as Annotations | undefined) }, config, files };
}

function parse(bytes: Uint8Array, file: string): Readonly<Record<string, Annotations>> {
  const document = read(bytes, file);
  if (!isObject(document)) throw invalid(file, 'it is no map');
  for (const [name, annotations] of Object.entries(document)) {
    const isMap = isObject(annotations) && Object.values(annotations).every((value) => typeof value === 'string');
    if (!isMap) throw invalid(file, `${quote(name)} is no map of strings`);
  }
  return document as Readonly<Record<string, Annotations>>;
}

function read(bytes: Uint8Array, file: string): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw invalid(file, 'it is no JSON', cause);
  }
}

function invalid(file: string, problem: string, cause?: unknown): OciError {
  return new OciError('USAGE', `${file} holds no annotations: ${problem}`, {
    hint: 'write {"$manifest": {"name": "value"}, "$config": {…}, "FILE": {…}}',
    cause,
  });
}
