/** Quirks of refusals: challenges that say less than they should, or something else, and what wrong credentials are answered. */
import { answering, changing, endpointOf, errorAnswer, type Wrap } from '../wrap.ts';

/**
 * Changes the challenge of a 401; undefined takes it away. gcr.io challenged nowhere but at `/v2/` (containers/image#211),
 * Artifactory not by HEAD (vmware/vic#6590), Quay not always at `/v2/` (TritonDataCenter/node-docker-registry-client, 3.0.3).
 */
export function changingChallenge(change: (challenge: string, request: Request) => string | undefined): Wrap {
  return changing(
    (_, { status, headers }) => status === 401 && headers.has('www-authenticate'),
    ({ headers }, request) => ({
      headers: { 'www-authenticate': change(headers.get('www-authenticate') ?? '', request) },
    }),
  );
}

/** Artifactory has refused who comes to `/v2/` with Basic, and asks for a token of who comes without (heroku/docker-registry-client#42). */
export function basicPingRefused(): Wrap {
  return answering(
    (request) => endpointOf(request) === 'ping' && /^basic /i.test(request.headers.get('authorization') ?? ''),
    () => errorAnswer(403, 'DENIED', 'Forbidden'),
  );
}

/** GHCR gives a token for a repository that is not there, and refuses what it is used for; who may not look learns no more. */
export function unknownDenied(status: number = 403, code: string = 'DENIED'): Wrap {
  return changing(
    (request, response) => response.status === 404 && endpointOf(request) !== 'upload',
    () => ({
      status,
      headers: { 'content-length': undefined },
      body: JSON.stringify({ errors: [{ code, message: 'requested access to the resource is denied' }] }),
    }),
  );
}

/** ECR answers wrong and expired credentials with 400, and no challenge (aws/containers-roadmap#2835). */
export function wrongCredentialsAnswer(status: number = 400, code: string = 'DENIED'): Wrap {
  return changing(
    (request, response) => response.status === 401 && request.headers.has('authorization'),
    () => ({
      status,
      headers: { 'www-authenticate': undefined, 'content-length': undefined },
      body: JSON.stringify({ errors: [{ code, message: 'Your Authorization Token is invalid.' }] }),
    }),
  );
}
