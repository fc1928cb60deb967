/** The clock of `lading/testing`. */
export { type VirtualClock, virtualClock } from '../../src/testing/virtual-clock.ts';
