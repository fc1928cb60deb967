/**
 * `lading/testing`: images that a test makes up, the contract that every store has to pass, servers that misbehave (faults of the
 * network, and quirks of the registries that there are), a proxy that does so before any registry, and a clock that a test moves.
 */
export * from './faults.ts';
export * from './fixtures.ts';
export * from './proxy/index.ts';
export * from './quirks.ts';
export * from './schema1.ts';
export type { StoreContractOptions, StoreUnderTest } from './store-contract.ts';
export { testStore } from './store-contract.ts';
export type { Changes, Endpoint, Occasion, Wrap } from './wrap.ts';
export { combine, only, requestTo } from './wrap.ts';
export type {
  Behaviour,
  Described,
  ElsewhereForm,
  StartedVendor,
  TokenForm,
  UserPassword,
  Vendor,
  VendorOptions,
  VendorRequest,
  VendorRequests,
} from './vendors.ts';
export { startVendor, vendor, vendors } from './vendors.ts';
export type { VirtualClock } from './virtual-clock.ts';
export { virtualClock } from './virtual-clock.ts';
