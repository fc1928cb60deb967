/** Google's Container Registry, as it was, and Artifact Registry. */
import { gzipEncoded } from '../quirks/answers.ts';
import { changingChallenge } from '../quirks/challenges.ts';
import { danglingTagRefused } from '../quirks/manifests.ts';
import { noChunks, patchAnswers } from '../quirks/uploads.ts';
import { endpointOf } from '../wrap.ts';
import { tagsOf } from './served.ts';
import { emptyScopeRefused } from './token-quirks.ts';
import type { Behaviour, Vendor } from './vendor.ts';

/** The two accounts that people have there: a token of theirs, and the key of a service, which is a document. */
const ownToken = { username: 'oauth2accesstoken', password: 'ya29.open-sesame' };
const serviceKey = { username: '_json_key', password: '{\n  "type": "service_account",\n  "id": "a:b"\n}\n' };

const dangling: Behaviour = {
  behaviour: 'Deletes a manifest only after its tags.',
  source: ['fluxcd/pkg#328', 'enix/kube-image-keeper#636'],
  wrapFor: (registry) => danglingTagRefused((digest, repository) => tagsOf(registry, repository, digest)),
};

export const gcr: Vendor = {
  name: 'gcr',
  credential: serviceKey,
  behaviours: [
    {
      behaviour: 'Wants a bearer token of its own `/v2/token`, for the service `gcr.io`.',
      source: 'containers/image#211',
      tokens: { origin: 'own', path: '/v2/token', service: 'gcr.io', answer: ['token', 'expires_in'] },
    },
    {
      behaviour: 'Has a challenge in the 401 of `/v2/`, and in no other.',
      source: ['containers/image#211', 'containers/image:docker/docker_client.go'],
      wrap: () => changingChallenge((challenge, request) => (endpointOf(request) === 'ping' ? challenge : undefined)),
    },
    {
      behaviour: 'Its token server refuses an empty scope.',
      source: 'heroku/docker-registry-client#28',
      at: 'tokens',
      wrap: () => emptyScopeRefused(),
    },
    {
      behaviour: 'Redirects readers of blobs with 302 to storage.',
      source: 'TritonDataCenter/node-docker-registry-client:test/v2.gcrio.test.js',
      elsewhere: { endpoint: 'blob', status: 302, methods: ['GET', 'HEAD'] },
    },
    { behaviour: 'Answers a chunk with 204.', source: 'containerd/containerd#1318', wrap: () => patchAnswers(204) },
    dangling,
  ],
};

export const artifactRegistry: Vendor = {
  name: 'gar',
  credential: ownToken,
  behaviours: [
    {
      behaviour: 'Wants a bearer token of its own `/v2/token`, for the service `us-docker.pkg.dev`.',
      source: 'apple/container#2274',
      tokens: { origin: 'own', path: '/v2/token', service: 'us-docker.pkg.dev', answer: ['token', 'expires_in'] },
    },
    {
      behaviour: 'Names no service in the challenge of `/v2/`.',
      source: 'apple/container#2274',
      wrap: () =>
        changingChallenge((challenge, request) =>
          endpointOf(request) === 'ping' ? challenge.replace(/,service="[^"]*"/, '') : challenge,
        ),
    },
    {
      behaviour: 'Takes no chunks.',
      source: ['dotnet/sdk-container-builds#287', 'kitops-ml/kitops#780'],
      wrap: () => noChunks(),
    },
    {
      behaviour: 'Compresses what was asked for as it is.',
      source: 'oras-project/oras#1626',
      wrap: () => gzipEncoded(),
    },
    dangling,
  ],
};
