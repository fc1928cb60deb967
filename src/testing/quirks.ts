/**
 * How real registries differ from the specification, each a wrap around a server (`docs/registries.md` has their table),
 * and the registries that have several of them.
 */
import { headUnsupported, deleteUnsupported, mediaTypeRequired, tagDeleteUnsupported } from './quirks/manifests.ts';
import { gzipEncoded, withoutDigestHeader } from './quirks/answers.ts';
import { largestPage, noCatalog, noTagsUnknown, opaqueCursor, withoutLink } from './quirks/lists.ts';
import { absoluteLocation, singularLocation, statefulLocation } from './quirks/locations.ts';
import { noReferrersApi, subjectWithoutReferrers } from './quirks/referrers.ts';
import {
  emptyRange,
  largestBody,
  mountRefused,
  noChunks,
  noMonolithic,
  noMount,
  patchAnswers,
  smallestChunk,
  streamOnce,
} from './quirks/uploads.ts';
import { combine, type Wrap } from './wrap.ts';

export * from './quirks/answers.ts';
export * from './quirks/blobs.ts';
export * from './quirks/lists.ts';
export * from './quirks/locations.ts';
export * from './quirks/manifests.ts';
export * from './quirks/referrers.ts';
export * from './quirks/uploads.ts';

const MiB = 1024 * 1024;

/** Registries as they have been met. They are profiles to test a client with, and no claims about what these services do today. */
export const profiles: Readonly<Record<string, () => Wrap>> = {
  'docker-registry-2.8': () =>
    combine(tagDeleteUnsupported(), noReferrersApi(), absoluteLocation(), statefulLocation()),
  'docker-hub': () => combine(deleteUnsupported(), noCatalog(401, 'UNAUTHORIZED'), noReferrersApi()),
  ghcr: () => combine(deleteUnsupported(), noCatalog(), noReferrersApi(), largestBody(4 * MiB), singularLocation()),
  ecr: () =>
    combine(
      withoutDigestHeader(),
      patchAnswers(201),
      smallestChunk(5 * MiB),
      largestPage(1000),
      mediaTypeRequired(),
      subjectWithoutReferrers(),
    ),
  gar: () => combine(noChunks(), gzipEncoded(), noReferrersApi()),
  acr: () => combine(tagDeleteUnsupported(405, 'UNSUPPORTED')),
  quay: () => combine(opaqueCursor(), mountRefused(400), noReferrersApi()),
  harbor: () => combine(mountRefused(404, 'NOT_FOUND'), absoluteLocation()),
  artifactory: () => combine(noMonolithic(), noReferrersApi()),
  gitlab: () => combine(mountRefused(401, 'UNAUTHORIZED'), noCatalog(403, 'DENIED')),
  gitea: () => combine(emptyRange(), streamOnce(), noMount()),
  nexus: () => combine(headUnsupported(), withoutLink(), noTagsUnknown()),
};
