/**
 * `lading/testing`: images that a test makes up, the contract that every store has to pass, and servers that misbehave:
 * faults of the network, and quirks of the registries that there are.
 */
export * from './faults.ts';
export * from './fixtures.ts';
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
