/** The matrix as data: faults by operations, what may come of each, and why the others are none. */
import type { ErrorCode } from '../../src/errors.ts';
import { type DnsFault, type FaultFamily, faultFamilies, type FaultName } from '../../src/testing/proxy/index.ts';
import { expected } from './matrix-expected.ts';
import { type Operation, operations } from './matrix-operations.ts';

/** Once, and then all is well; or for ever. */
export type Way = 'once' | 'persistent';

export type Family = FaultFamily | 'dns';

export type AnyFault = FaultName | DnsFault;

/** The right bytes, or an error with one of these codes; which of them may depend on the seed. */
export type Expected = readonly ('right' | ErrorCode)[];

export interface Cell {
  readonly family: Family;
  readonly fault: AnyFault;
  readonly name: string;
  readonly operation: Operation;
  readonly expected: Readonly<Record<Way, Expected>>;
  /** Over TLS. */
  readonly isTls: boolean;
  /** A first fault, which breaks a body off, makes the client ask for the rest: that is struck. */
  readonly isResumed: boolean;
  /** All was well before: the token that is refused is one that was good. */
  readonly isWarm: boolean;
}

export interface NoCell {
  readonly fault: AnyFault;
  readonly name: string;
  readonly because: string;
}

const families: Readonly<Record<Family, readonly AnyFault[]>> = { ...faultFamilies, dns: ['nxdomain', 'servfail'] };

const ofRanges: readonly AnyFault[] = ['416', '200-for-206', 'wrong-206'];
const ofLengths: readonly AnyFault[] = ['length-and-chunks', 'two-lengths', 'length-too-small', 'length-too-big'];
const ofRequestBodies: readonly AnyFault[] = ['reset-mid-request', 'continue-never'];

const ofUnknownDigests: readonly AnyFault[] = ['bit-flip', 'block-twice'];

/** Why a fault cannot strike an operation. */
function whyNot(
  family: Family,
  fault: AnyFault,
  name: string,
  { brings, sends, isOfTokens }: Operation,
): string | undefined {
  const isData = name.startsWith('upload data') || name === 'upload commit';
  if ((family === 'body' || ofLengths.includes(fault)) && brings === undefined) return 'its answer has no body';
  if (ofRequestBodies.includes(fault) && sends === undefined) return 'its request has no body';
  if (fault === 'reset-reused' && isOfTokens === true) return 'a token is asked for on a connection of its own';
  if (isOfTokens === true && (family === 'tls' || family === 'dns'))
    return 'the token server is not looked up, and speaks http';
  if (ofUnknownDigests.includes(fault) && name.startsWith('list '))
    return 'a listing has no digest: nothing tells which bytes are right';
  if (fault === '404-session' && !isData) return 'it has no session';
  if (fault === '416' && name === 'upload data, in chunks') return undefined;
  if (ofRanges.includes(fault) && name !== 'GET blob') return 'it asks for no range';
  return undefined;
}

const all = Object.entries(families).flatMap(([family, names]) =>
  names.flatMap((fault) =>
    Object.entries(operations).map(([name, operation]) => ({ family: family as Family, fault, name, operation })),
  ),
);

export const noCells: readonly NoCell[] = all.flatMap(({ family, fault, name, operation }) => {
  const because = whyNot(family, fault, name, operation);
  return because === undefined ? [] : [{ fault, name, because }];
});

export const cells: readonly Cell[] = all
  .filter(({ family, fault, name, operation }) => whyNot(family, fault, name, operation) === undefined)
  .map((cell) => ({
    ...cell,
    expected: expected(cell.fault, cell.name),
    isTls: cell.family === 'tls',
    isResumed: cell.name === 'GET blob' && [...ofRanges, '401'].includes(cell.fault),
    isWarm: cell.fault === '401' && cell.operation.prepare === undefined && cell.operation.armedBy === undefined,
  }));
