/** How real registries differ from the specification, each a wrap around a server (`docs/registries.md` has their table). */
export * from './quirks/answers.ts';
export * from './quirks/blobs.ts';
export * from './quirks/challenges.ts';
export * from './quirks/lists.ts';
export * from './quirks/locations.ts';
export * from './quirks/manifests.ts';
export * from './quirks/referrers.ts';
export * from './quirks/uploads.ts';
export { profiles } from './vendors.ts';
