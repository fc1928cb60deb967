/**
 * What a vendor's registry does at another origin: storage that readers are redirected to, and where uploads go on. Its URLs
 * are signed; whoever says who he is as well is refused, as by S3 and its kin.
 */
import type { Handler } from '../../server/handler.ts';
import { redirectBlobs, redirectManifests, refuseAuthorization } from '../quirks/blobs.ts';
import { changing, combine, endpointOf, type Wrap } from '../wrap.ts';
import type { ElsewhereForm } from './vendor.ts';

const SIGNATURE = 'X-Amz-Signature=5ea1ed';

/** Sends those who ask the registry to the other origin. */
export function sendElsewhere(form: ElsewhereForm, origin: string): Wrap {
  if (form.endpoint === 'upload') return locationsAt(origin);
  const { status, methods } = form;
  const options = { query: SIGNATURE, ...(status && { status }), ...(methods && { methods }) };
  return form.endpoint === 'blob' ? redirectBlobs(origin, options) : redirectManifests(origin, options);
}

/** The other origin. @param trusted does what it is asked to, whoever asks */
export function createElsewhere(forms: readonly ElsewhereForm[], trusted: Handler): Handler {
  const uploads: Wrap = (handler) => async (request, info) =>
    await locationsAt(new URL(request.url).origin)(handler)(request, info);
  return combine(refuseAuthorization(), signedOnly(forms), uploads)(trusted);
}

function signedOnly(forms: readonly ElsewhereForm[]): Wrap {
  return (handler) => async (request, info) => {
    const form = forms.find(({ endpoint }) => endpoint === endpointOf(request));
    const isSigned = new URL(request.url).search.includes(SIGNATURE);
    const isMeant = isSigned && form !== undefined && !(form.getOnly === true && request.method !== 'GET');
    if (isMeant) return await handler(request, info);
    return new Response('<Error><Code>SignatureDoesNotMatch</Code></Error>', { status: 403 });
  };
}

function locationsAt(origin: string): Wrap {
  return changing(
    (request, response) => /^uploads?$/.test(endpointOf(request) ?? '') && response.status === 202,
    (response, request) => {
      const { pathname } = new URL(response.headers.get('location') ?? '', request.url);
      return { headers: { location: `${origin}${pathname}?${SIGNATURE}` } };
    },
  );
}
