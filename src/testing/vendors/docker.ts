/** Docker Hub, and docker's own registry. */
import { rateLimit } from '../quirks/answers.ts';
import { noCatalog } from '../quirks/lists.ts';
import { absoluteLocation, statefulLocation } from '../quirks/locations.ts';
import { deleteUnsupported, tagDeleteUnsupported } from '../quirks/manifests.ts';
import { noReferrersApi } from '../quirks/referrers.ts';
import type { Vendor } from './vendor.ts';

export const dockerHub: Vendor = {
  name: 'docker.io',
  behaviours: [
    {
      behaviour:
        'Wants a bearer token of a token server at another origin, for the service `registry.docker.io`; its answer has `token`, `access_token`, `expires_in` and `issued_at`.',
      source: 'docker/hub-feedback#2094',
      tokens: {
        origin: 'other',
        path: '/token',
        service: 'registry.docker.io',
        answer: ['token', 'access_token', 'expires_in', 'issued_at'],
      },
    },
    {
      behaviour: 'Answers 401 for a repository that is not there, as for a private one.',
      source: ['jupyterhub/binderhub#1664', 'hashicorp/terraform-provider-docker#140'],
      tokens: { knownOnly: true },
    },
    {
      behaviour: 'Redirects readers of blobs with 307 to storage, which refuses `Authorization`.',
      source: ['tetratelabs/car#35', 'TritonDataCenter/node-docker-registry-client:test/v2.dockerio.test.js'],
      elsewhere: { endpoint: 'blob', methods: ['GET', 'HEAD'] },
    },
    {
      behaviour: 'Counts the manifests that are read, and says how many are left.',
      source: 'docker/docs:content/manuals/docker-hub/usage/pulls.md',
      wrap: () => rateLimit(100),
    },
    {
      behaviour: 'Lists no repositories: 401, whoever asks.',
      source: ['genuinetools/reg#71', 'docker/hub-feedback#2094'],
      wrap: () => noCatalog(401, 'UNAUTHORIZED'),
    },
    {
      behaviour: 'Deletes nothing over this API: 405.',
      source: ['genuinetools/reg#143', 'goharbor/harbor#7369'],
      wrap: () => deleteUnsupported(),
    },
    { behaviour: 'Has no referrers API.', source: 'docker/roadmap#724', wrap: () => noReferrersApi() },
  ],
};

export const dockerRegistry: Vendor = {
  name: 'docker-registry-2.8',
  behaviours: [
    {
      behaviour: 'Takes a tag that is to be deleted for a digest: 400 `DIGEST_INVALID`.',
      source: ['distribution/distribution#1579', 'distribution/distribution-library-image#160'],
      wrap: () => tagDeleteUnsupported(),
    },
    { behaviour: 'Has no referrers API.', source: 'distribution/distribution#3859', wrap: () => noReferrersApi() },
    {
      behaviour: 'Tells whole URLs of uploads.',
      source: 'apple/swift-container-plugin#44',
      wrap: () => absoluteLocation(),
    },
    {
      behaviour: 'Keeps the state of an upload in the query of its URL.',
      source: 'distribution/distribution#1217',
      wrap: () => statefulLocation(),
    },
  ],
};
