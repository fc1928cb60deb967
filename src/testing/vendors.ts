/**
 * The registries of the vendors that there are (`docs/registries.md` has their table): who may ask and how, what is served
 * where, and their quirks. `vendor` describes one, `startVendor` serves it on this machine, for whatever client to be tested.
 */
import { ecr } from './vendors/amazon.ts';
import { acr } from './vendors/azure.ts';
import { dockerHub, dockerRegistry } from './vendors/docker.ts';
import { gitea, github, gitlab } from './vendors/forges.ts';
import { artifactRegistry, gcr } from './vendors/google.ts';
import { basic, plain } from './vendors/plain.ts';
import { artifactory, artifactoryPath, harbor, nexus } from './vendors/products.ts';
import { quay, redHat } from './vendors/red-hat.ts';
import { wrapsAt } from './vendors/parts.ts';
import { start, type StartedVendor, type VendorOptions } from './vendors/start.ts';
import type { Vendor } from './vendors/vendor.ts';
import { combine, type Wrap } from './wrap.ts';

export type { VendorRequest } from './vendors/recorded.ts';
export type { StartedVendor, VendorOptions, VendorRequests } from './vendors/start.ts';
export type { Behaviour, Described, ElsewhereForm, TokenForm, UserPassword, Vendor } from './vendors/vendor.ts';

/** Registries as they have been met. They are there to test a client with, and no claims about what these services do today. */
export const vendors: readonly Vendor[] = [
  [plain, basic, dockerRegistry, dockerHub, github, ecr, gcr, artifactRegistry, acr],
  [quay, redHat, harbor, artifactory, artifactoryPath, gitlab, gitea, nexus],
].flat();

/**
 * A vendor's registry, described.
 * @throws RangeError when there is none of this name
 */
export function vendor(name: string): Vendor {
  const found = vendors.find((one) => one.name === name);
  if (found !== undefined) return found;
  throw new RangeError(`no vendor is called ${name}: there are ${vendors.map((one) => one.name).join(', ')}`);
}

/**
 * Serves a vendor's registry on this machine.
 * @example
 * const { host, credential, close } = await startVendor('quay', { registry });
 * @throws RangeError when there is none of this name; OciError `IO` when it cannot listen
 */
export async function startVendor(name: string, options: VendorOptions = {}): Promise<StartedVendor> {
  return await start(vendor(name), options);
}

/** The quirks of each vendor that has any, as a wrap around a server: its answers, without its credentials and other origins. */
export const profiles: Readonly<Record<string, () => Wrap>> = Object.fromEntries(
  vendors
    .filter(({ behaviours }) => wrapsAt('registry', behaviours).length > 0)
    .map(({ name, behaviours }) => [name, () => combine(...wrapsAt('registry', behaviours))]),
);
