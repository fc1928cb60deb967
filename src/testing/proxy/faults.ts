/** All faults on the wire by their names. */
import { bodyFaults } from './body-faults.ts';
import { connectionFaults, tlsFaults } from './connection-faults.ts';
import type { FaultName } from './fault-names.ts';
import { headFaults } from './head-faults.ts';
import { statusFaults } from './status-faults.ts';
import type { Fault, UnnamedFault } from './types.ts';

const unnamed: Readonly<Record<FaultName, UnnamedFault>> = {
  ...connectionFaults,
  ...tlsFaults,
  ...headFaults,
  ...bodyFaults,
  ...statusFaults,
};

/**
 * Everything that goes wrong on the wire between a client and a registry.
 * @example
 * proxy.plan({ fault: faults['reset-at-50'], when: ({ path }) => path.includes('/blobs/'), times: 1 });
 */
export const faults: Readonly<Record<FaultName, Fault>> = Object.fromEntries(
  Object.entries(unnamed).map(([name, fault]) => [name, { ...fault, name }]),
) as Record<FaultName, Fault>;
