/** Quay, and the registries that Red Hat serves its own images from. */
import { withoutDigestHeader } from '../quirks/answers.ts';
import { changingChallenge } from '../quirks/challenges.ts';
import { ignorePageSize, largestPage, opaqueCursor } from '../quirks/lists.ts';
import { vagueErrors } from '../quirks/manifests.ts';
import { noReferrersApi } from '../quirks/referrers.ts';
import { mountRefused } from '../quirks/uploads.ts';
import { endpointOf } from '../wrap.ts';
import { emptyScopeRefused } from './token-quirks.ts';
import type { Vendor } from './vendor.ts';

const CLIENT = 'TritonDataCenter/node-docker-registry-client';

export const quay: Vendor = {
  name: 'quay',
  behaviours: [
    {
      behaviour: 'Wants a bearer token of its own `/v2/auth`, for the service `quay.io`; its answer has `token` alone.',
      source: `${CLIENT}:lib/registry-client-v2.js`,
      tokens: { origin: 'own', path: '/v2/auth', service: 'quay.io', answer: ['token'] },
    },
    {
      behaviour: 'Has no challenge in the 401 of `/v2/`.',
      source: `${CLIENT}:CHANGES.md`,
      wrap: () => changingChallenge((challenge, request) => (endpointOf(request) === 'ping' ? undefined : challenge)),
    },
    {
      behaviour: 'Its token server refuses an empty scope with 400.',
      source: `${CLIENT}:CHANGES.md`,
      at: 'tokens',
      wrap: () => emptyScopeRefused(),
    },
    {
      behaviour: 'Has pages with a cursor that only `Link` tells.',
      source: ['deitch/docker_registry2#56', 'ivanilves/lstags#185'],
      wrap: () => opaqueCursor(),
    },
    {
      behaviour: 'Refuses pages of more than 100 names with 413.',
      source: ['google/go-containerregistry#1963', 'quay/quay#2884'],
      wrap: () => largestPage(100, 413, 'TOO_MANY_TAGS_REQUESTED'),
    },
    { behaviour: 'Answers a mount with 400.', source: 'quay/quay#899', wrap: () => mountRefused(400) },
    {
      behaviour: 'Redirects readers of blobs with 302 to storage.',
      source: `${CLIENT}:test/v2.quayio.test.js`,
      elsewhere: { endpoint: 'blob', status: 302 },
    },
    {
      behaviour: 'Has no referrers API.',
      source: ['opencontainers/distribution-spec#563', 'quay/quay#1706'],
      wrap: () => noReferrersApi(),
    },
  ],
};

export const redHat: Vendor = {
  name: 'red-hat',
  behaviours: [
    { behaviour: 'Wants no credentials.', source: `${CLIENT}:test/v2.redhat.test.js`, always: true },
    {
      behaviour: 'Redirects readers of manifests with 302 to another origin.',
      source: [`${CLIENT}:test/v2.redhat.test.js`, `${CLIENT}:CHANGES.md`],
      elsewhere: { endpoint: 'manifest', status: 302, methods: ['GET', 'HEAD'] },
    },
    {
      behaviour: 'Tells no digest of a manifest.',
      source: ['containerd/containerd#3238', 'genuinetools/reg#161', 'renovatebot/renovate#2315'],
      wrap: () => withoutDigestHeader(),
    },
    {
      behaviour: 'Ignores `n`.',
      source: 'containers/image:docker/docker_client.go',
      wrap: () => ignorePageSize(),
    },
    {
      behaviour: 'Says `UNKNOWN`, "Not Found" of what is not there.',
      source: 'containers/image:docker/docker_client.go',
      wrap: () => vagueErrors(),
    },
  ],
};
