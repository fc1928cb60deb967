/** The registries of the places where code is kept: GitHub, GitLab, Gitea. */
import { changingChallenge } from '../quirks/challenges.ts';
import { noCatalog } from '../quirks/lists.ts';
import { singularLocation } from '../quirks/locations.ts';
import { deleteUnsupported } from '../quirks/manifests.ts';
import { noReferrersApi } from '../quirks/referrers.ts';
import { emptyRange, largestBody, mountRefused, noMount, streamOnce } from '../quirks/uploads.ts';
import { catalogScopeRefused } from './token-quirks.ts';
import type { Vendor } from './vendor.ts';

const MiB = 1024 * 1024;

export const github: Vendor = {
  name: 'ghcr',
  behaviours: [
    {
      behaviour: 'Wants a bearer token of its own `/token`, for the service `ghcr.io`; its answer has `token` alone.',
      source: 'opensciencegrid/cvmfs-singularity-sync#353',
      tokens: { origin: 'own', path: '/token', service: 'ghcr.io', answer: ['token'] },
    },
    {
      behaviour: 'Redirects readers of blobs with 307 to storage, by URLs that are good for GET only.',
      source: 'containerd/stargz-snapshotter#167',
      elsewhere: { endpoint: 'blob', getOnly: true },
    },
    {
      behaviour: 'Deletes nothing over this API: 405.',
      source: ['fluxcd/pkg#328', 'podman-container-tools/skopeo#1880'],
      wrap: () => deleteUnsupported(),
    },
    { behaviour: 'Lists no repositories: 404.', source: 'microsoft/vscode-docker#1525', wrap: () => noCatalog() },
    { behaviour: 'Has no referrers API.', source: 'rtvkiz/minimal#7', wrap: () => noReferrersApi() },
    {
      behaviour: 'Refuses a body of more than 4 MiB with 416.',
      source: ['oras-project/rust-oci-client#35', 'ocx-sh/ocx#237'],
      wrap: () => largestBody(4 * MiB),
    },
    {
      behaviour: 'Tells paths of uploads, and says `/blobs/upload/`.',
      source: ['dotnet/sdk-container-builds#292', 'apple/swift-container-plugin#44'],
      wrap: () => singularLocation(),
    },
  ],
};

export const gitlab: Vendor = {
  name: 'gitlab',
  behaviours: [
    {
      behaviour:
        'Wants a bearer token of `/jwt/auth` at another origin, for the service `container_registry`; its answer has `token` alone.',
      source: ['deitch/docker_registry2#14', 'n0madic/gitlab-registry-images-cleaner#13'],
      tokens: { origin: 'other', path: '/jwt/auth', service: 'container_registry', answer: ['token'] },
    },
    {
      behaviour: 'Its token server refuses the catalog with 403.',
      source: ['mayflower/docker-ls#36', 'portainer/portainer#2956'],
      at: 'tokens',
      wrap: () => catalogScopeRefused(),
    },
    {
      behaviour: 'Answers a mount with 401.',
      source: 'estesp/manifest-tool#53',
      wrap: () => mountRefused(401, 'UNAUTHORIZED'),
    },
    {
      behaviour: 'Redirects readers of blobs with 307 to storage, HEAD as well, by URLs that are good for GET only.',
      source: ['oras-project/oras#923', 'moby/moby#50065'],
      elsewhere: { endpoint: 'blob', methods: ['GET', 'HEAD'], getOnly: true },
    },
  ],
};

export const gitea: Vendor = {
  name: 'gitea',
  behaviours: [
    {
      behaviour:
        'Wants a bearer token of its own `/v2/token`, for the service `container_registry`; a token stands for its user.',
      source: 'go-gitea/gitea#36907',
      tokens: { origin: 'own', path: '/v2/token', service: 'container_registry', answer: ['token'], forUser: true },
    },
    {
      behaviour: 'Names `*` for the scope, whatever is asked for.',
      source: 'go-gitea/gitea#36907',
      wrap: () => changingChallenge((challenge) => `${challenge.replace(/,(?:scope|error)="[^"]*"/g, '')},scope="*"`),
    },
    {
      behaviour: 'Tells an upload without bytes as `0--1`.',
      source: ['go-gitea/gitea#34795', 'go-gitea/gitea#34724'],
      wrap: () => emptyRange(),
    },
    {
      behaviour: 'Refuses a second PATCH without `Content-Range`.',
      source: 'dotnet/sdk-container-builds#471',
      wrap: () => streamOnce(),
    },
    { behaviour: 'Answers a mount with an upload.', source: 'synthetic', wrap: () => noMount() },
  ],
};
