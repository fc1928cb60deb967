/** When an image was made, as far as it tells. */
import type { Call } from '../model/call.ts';
import { imageConfig } from '../graph/select.ts';
import { chooseImage } from '../image/choose.ts';
import type { Source } from '../store/types.ts';

const ANNOTATION = 'org.opencontainers.image.created';

/** The time of creation, RFC 3339: of the annotation, else of the config; undefined when neither tells. */
export async function createdOf(source: Source, reference: string, call: Call): Promise<string | undefined> {
  const { root, image } = await chooseImage(source, reference, call);
  const told = root.document.annotations?.[ANNOTATION] ?? image.document.annotations?.[ANNOTATION];
  const time = told ?? (await imageConfig(source, image, call))?.created;
  return typeof time === 'string' && !Number.isNaN(Date.parse(time)) ? time : undefined;
}
