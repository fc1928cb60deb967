/** Quirks of referrers: the API is new, and many registries have it not or in part. */
import { answering, changing, combine, requestTo, type Wrap } from '../wrap.ts';

/** Docker Hub for years, GHCR, ECR: there is no such API (docker/roadmap#724). */
export function noReferrersApi(status: number = 404): Wrap {
  const withoutSubject = changing(requestTo('manifest', 'PUT'), () => ({ headers: { 'oci-subject': undefined } }));
  return combine(withoutSubject, subjectWithoutReferrers(status));
}

/** ECR has said `OCI-Subject` without having the API (sigstore-js#1183). */
export function subjectWithoutReferrers(status: number = 404): Wrap {
  return answering(requestTo('referrers'), () => new Response('404 page not found\n', { status }));
}

/** The filter is ignored, and that is said by the header that is not there. */
export function unfilteredReferrers(): Wrap {
  return (handler) => (request, info) => {
    if (!requestTo('referrers')(request)) return handler(request, info);
    const url = new URL(request.url);
    url.searchParams.delete('artifactType');
    return handler(new Request(url, request), info);
  };
}
