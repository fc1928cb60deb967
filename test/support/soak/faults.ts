/** Faults of the network and of registries, some to every hundred requests, by chance. */
import * as faults from '../../../src/testing/faults.ts';
import { combine, endpointOf, type Wrap } from '../../../src/testing/wrap.ts';
import type { Random } from '../seeded.ts';

interface Mishap {
  readonly wrap: Wrap;
  /** @default any request */
  readonly fits?: (request: Request) => boolean;
}

const hasBytes = (request: Request): boolean =>
  request.method === 'GET' && ['blob', 'manifest'].includes(endpointOf(request) ?? '');
const isWritten = ({ method }: Request): boolean => method === 'PUT' || method === 'PATCH';

const mishaps: readonly Mishap[] = [
  { wrap: faults.answerWith(500) },
  { wrap: faults.answerWith(502) },
  { wrap: faults.answerWith(503, { 'retry-after': '1' }) },
  { wrap: faults.answerWith(429) },
  { wrap: faults.cutBeforeAnswer() },
  { wrap: faults.cutBeforeAnswer('end') },
  { wrap: faults.cutAfterWork() },
  { wrap: faults.cutRequest(500), fits: isWritten },
  { wrap: faults.cutBody(300), fits: hasBytes },
  { wrap: combine(faults.closeDelimited(), faults.cutBody(1000, 'end')), fits: hasBytes },
  { wrap: faults.flipByte(200), fits: hasBytes },
  { wrap: faults.extraBytes(10), fits: hasBytes },
  { wrap: faults.stallBody(100), fits: hasBytes },
  { wrap: faults.stallBeforeAnswer(), fits: hasBytes },
];

/** Something happens to so many of a hundred requests; `struck` is told each time. */
export function randomFaults(random: Random, percent: number, struck: () => void): Wrap {
  return (handler) => {
    const spoiled = mishaps.map(({ wrap, fits = () => true }) => ({ handler: wrap(handler), fits }));
    return (request, info) => {
      const fitting = random(100) < percent ? spoiled.filter(({ fits }) => fits(request)) : [];
      const chosen = fitting[random(fitting.length)];
      if (chosen !== undefined) struck();
      return (chosen?.handler ?? handler)(request, info);
    };
  };
}
