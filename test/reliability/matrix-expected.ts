/**
 * What may come of each cell. A rule for each fault, and its exceptions by operation, first come first: a mount that fails is
 * an upload; a lost answer to a write is looked up; nobody reads what comes with a ping; docker-registry keeps referrers under a
 * tag, as a manifest with a digest, and ends its lists with a line feed that nobody misses.
 */
import type { AnyFault, Expected, Way } from './matrix-cells.ts';

type Outcomes = readonly [once: Expected, persistent: Expected];

interface Rule {
  readonly faults: readonly AnyFault[];
  readonly outcomes: Outcomes;
  /** By names of operations, or how those begin. */
  readonly but?: readonly (readonly [operations: readonly string[], outcomes: Outcomes])[];
}

const right: Expected = ['right'];
const both = (expected: Expected): Outcomes => [expected, expected];
const passing = (...codes: Expected): Outcomes => [right, codes];
const fine: Outcomes = [right, right];

const lists = ['list ', 'token'];
/** Whether they are done is looked up. */
const written = ['mount', 'upload data, whole', 'upload commit', 'PUT manifest'];
const chunks = ['upload data, in chunks'];
const uploads = ['upload', 'PUT manifest'];

const rules: readonly Rule[] = [
  { faults: ['connect-refused', 'accept-then-reset', 'accept-then-end', 'servfail'], outcomes: passing('UNREACHABLE') },
  { faults: ['connect-black-hole'], outcomes: passing('TIMEOUT', 'UNREACHABLE') },
  // A write on a connection that is closed meanwhile may have been done: it is not simply sent again.
  { faults: ['reset-reused'], outcomes: fine, but: [[uploads, passing('right', 'UNREACHABLE')]] },
  { faults: ['reset-after-head'], outcomes: passing('UNREACHABLE'), but: [[['mount'], fine]] },
  // Of a chunk the half that has come is kept: half by half it gets there.
  {
    faults: ['reset-mid-request'],
    outcomes: passing('UNREACHABLE'),
    but: [[chunks, passing('right', 'UNREACHABLE')]],
  },
  { faults: ['continue-never'], outcomes: passing('TIMEOUT') },
  // Not tried again, and never in plain text. Where the connection is lost in mid upload, what is lost is looked up first.
  {
    faults: ['tls-alert', 'certificate-expired', 'certificate-other-host'],
    outcomes: both(['TLS']),
    but: [
      [
        ['mount', 'upload data', 'upload commit'],
        [['right', 'TLS'], ['TLS']],
      ],
    ],
  },
  {
    faults: ['slow-head'],
    outcomes: passing('TIMEOUT'),
    but: [[[...written, ...chunks], passing('right', 'TIMEOUT')]],
  },
  { faults: ['header-20k', 'extra-bytes', 'gzip-encoded'], outcomes: fine },
  {
    faults: ['header-1m'],
    outcomes: both(['PROTOCOL']),
    but: [
      [['ping'], both(['NOT_A_REGISTRY'])],
      [written, fine],
      [chunks, passing('right', 'PROTOCOL')],
    ],
  },
  {
    faults: ['bare-lf', 'length-and-chunks', 'two-lengths'],
    outcomes: passing('PROTOCOL'),
    but: [
      [['ping'], passing('NOT_A_REGISTRY')],
      [written, fine],
      [chunks, passing('right', 'PROTOCOL')],
    ],
  },
  // It looks like an end: only a digest tells.
  {
    faults: ['length-too-small', 'close-cut'],
    outcomes: both(['DIGEST_MISMATCH']),
    but: [
      [['ping'], fine],
      [['list referrers'], both(['PROTOCOL', 'DIGEST_MISMATCH'])],
      [lists, both(['PROTOCOL', 'right'])],
      [['GET blob'], [['right', 'SIZE_MISMATCH'], ['SIZE_MISMATCH']]],
    ],
  },
  {
    faults: ['length-too-big'],
    outcomes: passing('UNREACHABLE'),
    but: [
      [['ping'], fine],
      [['GET blob'], both(['SIZE_MISMATCH'])],
    ],
  },
  {
    faults: ['chunked-cut', 'reset-at-1', 'reset-at-50', 'reset-at-last'],
    outcomes: passing('UNREACHABLE'),
    but: [[['ping'], fine]],
  },
  {
    faults: ['stall-at-0', 'stall-at-50', 'stall-at-last', 'trickle'],
    outcomes: passing('TIMEOUT'),
    but: [
      [['ping'], fine],
      [['GET blob'], passing('UNREACHABLE')],
    ],
  },
  {
    faults: ['bit-flip', 'block-twice'],
    outcomes: both(['DIGEST_MISMATCH']),
    but: [
      [['ping'], fine],
      [['token'], both(['right', 'PROTOCOL', 'UNAUTHORIZED', 'TOKEN_INVALID', 'DENIED'])],
    ],
  },
  {
    faults: ['gzip-label'],
    outcomes: fine,
    but: [
      [['list referrers'], both(['PROTOCOL', 'right'])],
      [lists, both(['PROTOCOL'])],
    ],
  },
  { faults: ['429-seconds', '429-date', '429-none'], outcomes: passing('RATE_LIMITED'), but: [[['mount'], fine]] },
  { faults: ['429-year'], outcomes: both(['RATE_LIMITED']), but: [[['mount'], fine]] },
  { faults: ['500', '502', '503-retry-after', '504'], outcomes: passing('SERVER_ERROR'), but: [[['mount'], fine]] },
  {
    faults: ['401'],
    outcomes: passing('TOKEN_INVALID', 'UNAUTHORIZED'),
    but: [
      [['token'], both(['UNAUTHORIZED'])],
      [['mount'], fine],
    ],
  },
  // To HEAD it means nothing: GET is asked.
  {
    faults: ['403'],
    outcomes: both(['DENIED']),
    but: [
      [['token'], both(['UNAUTHORIZED'])],
      [['HEAD', 'mount'], fine],
      [['list referrers'], [['right', 'DENIED'], ['DENIED']]],
    ],
  },
  { faults: ['404-session'], outcomes: passing('UPLOAD_INVALID') },
  { faults: ['416'], outcomes: fine },
  { faults: ['200-for-206', 'wrong-206'], outcomes: fine },
  { faults: ['307-loop'], outcomes: passing('LIMIT'), but: [[['mount'], fine]] },
  { faults: ['nxdomain'], outcomes: both(['UNREACHABLE']), but: [[['mount'], passing('UNREACHABLE')]] },
];

/** @throws Error when nothing is said of a fault */
export function expected(fault: AnyFault, operation: string): Readonly<Record<Way, Expected>> {
  const rule = rules.find(({ faults }) => faults.includes(fault));
  if (rule === undefined) throw new Error(`nothing is said of what comes of ${fault}`);
  const exception = rule.but?.find(([names]) => names.some((name) => operation.startsWith(name)));
  const [once, persistent] = exception?.[1] ?? rule.outcomes;
  return { once, persistent };
}
