/**
 * Layers that stand elsewhere: fetched from their descriptor's `urls`, without credentials (CVE-2020-15157), only when the
 * registry has not got them and the user allowed it.
 */
import { OciError } from '../errors.ts';
import type { WireHeaders } from '../model/call.ts';
import type { Descriptor } from '../model/descriptor.ts';
import { ask, type Exchange, followed, type Question, settle } from './requests.ts';
import type { Place } from './session.ts';

const MAX_URLS = 10;

/**
 * The answer of the first of a layer's URLs that has it; what the registry answered when the layer has none.
 * @throws OciError `FOREIGN_LAYER` when they may not be asked, `REDIRECT_REFUSED`
 */
export async function askForeign(
  place: Place,
  { digest, urls = [] }: Descriptor,
  registryAnswer: Exchange,
  headers: WireHeaders,
  call: Pick<Question, 'signal' | 'on' | 'transfer'>,
): Promise<Exchange> {
  if (urls.length === 0) return registryAnswer;
  if (!place.session.foreignLayers) {
    await settle(registryAnswer);
    throw new OciError('FOREIGN_LAYER', `${place.host.name} has not got ${digest}: the layer is kept elsewhere`, {
      hint: 'allow fetching layers from their own URLs (--foreign-layers)',
      digests: [digest],
    });
  }
  let last = registryAnswer;
  for (const given of urls.slice(0, MAX_URLS)) {
    await settle(last);
    const url = followed(place, place.host.origin, given, "layer's URL");
    last = await ask(place, { method: 'GET', url, headers, ...call });
    if (last.response.status === 200 || last.response.status === 206) return last;
  }
  return last;
}
