/** Amazon's Elastic Container Registry, the private one. */
import { withoutDigestHeader } from '../quirks/answers.ts';
import { unknownBlobAnswers } from '../quirks/blobs.ts';
import { wrongCredentialsAnswer } from '../quirks/challenges.ts';
import { largestPage } from '../quirks/lists.ts';
import { mediaTypeRequired, noAutoCreate } from '../quirks/manifests.ts';
import { subjectWithoutReferrers } from '../quirks/referrers.ts';
import { patchAnswers, smallestChunk } from '../quirks/uploads.ts';
import { hasRepository } from './served.ts';
import type { Vendor } from './vendor.ts';

const SUITE = 'TritonDataCenter/node-docker-registry-client:test/v2.amazonecr.test.js';
const MiB = 1024 * 1024;

export const ecr: Vendor = {
  name: 'ecr',
  // The real ones are as long.
  credential: { username: 'AWS', password: 'eyJwYXlsb2FkIjoi'.repeat(180) },
  behaviours: [
    {
      behaviour: 'Wants Basic, and knows no tokens; the user is `AWS`.',
      source: ['mayflower/docker-ls#28', 'https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry_auth.html'],
      basic: 'https://111111111111.dkr.ecr.us-east-1.amazonaws.com/',
    },
    {
      behaviour: 'Answers wrong credentials with 400 `DENIED`, and no challenge.',
      source: [SUITE, 'aws/containers-roadmap#2835'],
      wrap: () => wrongCredentialsAnswer(400, 'DENIED'),
    },
    { behaviour: 'Tells no digest of a manifest.', source: SUITE, wrap: () => withoutDigestHeader() },
    {
      behaviour: 'Answers 405 for a blob that it has not got (seen with the digest `cafebabe`).',
      source: SUITE,
      wrap: () => unknownBlobAnswers(405),
    },
    {
      behaviour: 'Redirects readers of blobs with 302 to storage, which refuses `Authorization`.',
      source: SUITE,
      elsewhere: { endpoint: 'blob', status: 302, methods: ['GET', 'HEAD'] },
    },
    {
      behaviour: 'Makes no repository by itself.',
      source: 'aws/containers-roadmap#853',
      wrapFor: (registry) => noAutoCreate((name) => hasRepository(registry, name)),
    },
    { behaviour: 'Answers a chunk with 201.', source: 'openai/tart#273', wrap: () => patchAnswers(201) },
    {
      behaviour: 'Wants chunks of 5 MiB at least, but for the last.',
      source: 'dotnet/sdk-container-builds#279',
      wrap: () => smallestChunk(5 * MiB),
    },
    {
      behaviour: 'Refuses pages of more than 1000 names.',
      source: ['google/go-containerregistry#681', 'andrey-pohilko/registry-cli#79'],
      wrap: () => largestPage(1000, 400, 'UNSUPPORTED'),
    },
    {
      behaviour: 'Refuses an OCI manifest without `mediaType`.',
      source: 'containers/image:docker/docker_image_dest.go',
      wrap: () => mediaTypeRequired(),
    },
    {
      behaviour: 'Says `OCI-Subject`, but has no referrers API.',
      source: 'sigstore/sigstore-js#1183',
      wrap: () => subjectWithoutReferrers(),
    },
  ],
};
