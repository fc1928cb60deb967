/** The names of all faults on the wire, by where they strike. What they do stands in a file for each family. */

/** Names of faults by families. Those of `tls` need a proxy that speaks it; those of DNS are no proxy's: `faultyResolve`. */
export const faultFamilies = {
  connection: [
    'connect-refused',
    'connect-black-hole',
    'accept-then-reset',
    'accept-then-end',
    'reset-reused',
    'reset-after-head',
    'reset-mid-request',
    'continue-never',
  ],
  tls: ['tls-alert', 'certificate-expired', 'certificate-other-host'],
  head: [
    'slow-head',
    'header-20k',
    'header-1m',
    'bare-lf',
    'length-and-chunks',
    'two-lengths',
    'length-too-small',
    'length-too-big',
  ],
  body: [
    'chunked-cut',
    'close-cut',
    'reset-at-1',
    'reset-at-50',
    'reset-at-last',
    'stall-at-0',
    'stall-at-50',
    'stall-at-last',
    'trickle',
    'extra-bytes',
    'bit-flip',
    'block-twice',
    'gzip-encoded',
    'gzip-label',
  ],
  status: [
    '429-seconds',
    '429-date',
    '429-none',
    '429-year',
    '500',
    '502',
    '503-retry-after',
    '504',
    '401',
    '403',
    '404-session',
    '416',
    '200-for-206',
    'wrong-206',
    '307-loop',
  ],
} as const;

export type FaultFamily = keyof typeof faultFamilies;

export type FaultNameIn<Family extends FaultFamily> = (typeof faultFamilies)[Family][number];

/** `reset-at-50`, `429-year`, … */
export type FaultName = FaultNameIn<FaultFamily>;
