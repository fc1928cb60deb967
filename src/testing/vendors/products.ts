/** Registries to install: Harbor, Artifactory, Nexus. */
import { basicPingRefused, changingChallenge } from '../quirks/challenges.ts';
import { changingTags, noTagsUnknown, withoutLink } from '../quirks/lists.ts';
import { absoluteLocation } from '../quirks/locations.ts';
import { headUnsupported } from '../quirks/manifests.ts';
import { noReferrersApi } from '../quirks/referrers.ts';
import { mountRefused, noMonolithic } from '../quirks/uploads.ts';
import { answering, endpointOf, errorAnswer, only, requestTo, type Wrap } from '../wrap.ts';
import type { Behaviour, Vendor } from './vendor.ts';

export const harbor: Vendor = {
  name: 'harbor',
  behaviours: [
    {
      behaviour: 'Wants a bearer token of its own `/service/token`, for the service `harbor-registry`.',
      source: ['goharbor/harbor#12192', 'goharbor/harbor#17930'],
      tokens: { origin: 'own', path: '/service/token', service: 'harbor-registry', answer: ['token', 'expires_in'] },
    },
    { behaviour: 'Takes Basic as well.', source: 'goharbor/harbor#13573', tokens: { alsoBasic: true } },
    {
      behaviour: 'Asks for Basic where a token was not enough, and for the catalog.',
      source: ['goharbor/harbor#17930', 'goharbor/harbor#22118'],
      wrap: () =>
        changingChallenge((challenge, request) =>
          request.headers.has('authorization') || endpointOf(request) === 'catalog' ? BASIC : challenge,
        ),
    },
    {
      behaviour: 'Refuses a token without scope at `/v2/`.',
      source: 'goharbor/harbor#23799',
      wrap: () => bearerPingRefused(),
    },
    {
      behaviour: 'Answers a mount with 401.',
      source: 'goharbor/harbor#17097',
      wrap: () => mountRefused(401, 'UNAUTHORIZED'),
    },
    { behaviour: 'Tells whole URLs of uploads.', source: 'goharbor/harbor#5001', wrap: () => absoluteLocation() },
  ],
};

const BASIC = 'Basic realm="harbor"';

function bearerPingRefused(): Wrap {
  return answering(
    (request) => endpointOf(request) === 'ping' && /^bearer /i.test(request.headers.get('authorization') ?? ''),
    () => {
      const response = errorAnswer(401, 'UNAUTHORIZED');
      response.headers.set('www-authenticate', BASIC);
      return response;
    },
  );
}

const jfrog: readonly Behaviour[] = [
  {
    behaviour: 'Wants a bearer token of a path of its own for each of its repositories.',
    source: ['earthly/earthly#1017', 'containerd/containerd#6339'],
    tokens: {
      origin: 'own',
      path: '/artifactory/api/docker/local/v2/token',
      service: 'artifactory',
      answer: ['token', 'expires_in'],
    },
  },
  {
    behaviour: 'Answers 403 to who comes to `/v2/` with Basic.',
    source: ['heroku/docker-registry-client#42', 'TritonDataCenter/node-docker-registry-client:CHANGES.md'],
    wrap: () => basicPingRefused(),
  },
  {
    behaviour: 'Has no challenge in the answer to a HEAD.',
    source: 'vmware/vic#6590',
    wrap: () => changingChallenge((challenge, { method }) => (method === 'HEAD' ? undefined : challenge)),
  },
  {
    behaviour: 'Knows no blob that came in a PUT: 404 `BLOB_UNKNOWN`.',
    source: 'docker/buildx#196',
    wrap: () => noMonolithic(),
  },
  {
    behaviour: 'Lists digests among the tags.',
    source: ['containers/skopeo#2346', 'containers/image#2440'],
    wrap: () => changingTags((tags) => [...tags, `sha256:${'0'.repeat(64)}`]),
  },
  { behaviour: 'Has no referrers API.', source: 'git-pkgs/proxy#144', wrap: () => noReferrersApi() },
];

export const artifactory: Vendor = { name: 'artifactory', behaviours: jfrog };

export const artifactoryPath: Vendor = {
  name: 'artifactory-path',
  behaviours: [
    ...jfrog,
    {
      behaviour: 'Is served below a path.',
      source: ['google/go-containerregistry#1464', 'renovatebot/renovate#22426'],
      pathPrefix: '/artifactory/api/docker/local',
    },
  ],
};

export const nexus: Vendor = {
  name: 'nexus',
  behaviours: [
    {
      behaviour: 'Wants Basic.',
      source: 'sonatype/nexus-public#921',
      basic: 'Sonatype Nexus Repository Manager',
    },
    {
      behaviour: 'Writes the scheme of its challenge in capitals.',
      source: 'sonatype/nexus-public#921',
      wrap: () => changingChallenge((challenge) => challenge.replace(/^Basic/, 'BASIC')),
    },
    {
      behaviour: 'Answers 404 to HEAD of a manifest that is there.',
      source: ['andrey-pohilko/registry-cli#14', 'crazy-max/diun#1614', 'merll/docker-registry-util#3'],
      wrap: () => only(headUnsupported(404), { matches: requestTo('manifest') }),
    },
    { behaviour: 'Tells no `Link`.', source: 'sonatype/nexus-public#209', wrap: () => withoutLink() },
    {
      behaviour: 'Answers 404 for the tags of a repository without any.',
      source: 'synthetic',
      wrap: () => noTagsUnknown(),
    },
  ],
};
