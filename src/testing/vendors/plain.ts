/** Registries of nobody in particular: without credentials, and with Basic. */
import { versionSaidTwice } from '../quirks/answers.ts';
import type { Vendor } from './vendor.ts';

const CHANGES = 'TritonDataCenter/node-docker-registry-client:CHANGES.md';

export const plain: Vendor = {
  name: 'plain',
  behaviours: [{ behaviour: 'Wants no credentials.', source: CHANGES, always: true }],
};

export const basic: Vendor = {
  name: 'basic',
  behaviours: [
    { behaviour: 'Wants Basic.', source: CHANGES, basic: 'registry' },
    { behaviour: 'Says its version twice.', source: CHANGES, wrap: () => versionSaidTwice() },
    {
      behaviour: 'Takes uploads at another origin, which refuses `Authorization`.',
      source: 'opencontainers/distribution-spec:spec.md',
      elsewhere: { endpoint: 'upload' },
    },
  ],
};
