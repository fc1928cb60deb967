/** Microsoft's Azure Container Registry. */
import { tagDeleteUnsupported } from '../quirks/manifests.ts';
import type { Vendor } from './vendor.ts';

export const acr: Vendor = {
  name: 'acr',
  behaviours: [
    {
      behaviour: 'Wants a bearer token of its own `/oauth2/token`; its answer has `access_token` alone.',
      source: ['Azure/acr#207', 'TritonDataCenter/node-docker-registry-client#41', 'deitch/docker_registry2#28'],
      tokens: { origin: 'own', path: '/oauth2/token', service: 'example.azurecr.io', answer: ['access_token'] },
    },
    {
      behaviour: 'Redirects readers of blobs with 307 to storage, which refuses `Authorization`.',
      source: ['Azure/acr#217', 'distribution/distribution#3574'],
      elsewhere: { endpoint: 'blob', methods: ['GET', 'HEAD'] },
    },
    {
      behaviour: 'Deletes by digest only.',
      source: 'fluxcd/pkg#328',
      wrap: () => tagDeleteUnsupported(405, 'UNSUPPORTED'),
    },
  ],
};
