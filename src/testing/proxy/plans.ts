/** Which of the plans happens: to a connection that comes, to a request. */
import type { RequestFacts } from './exchange.ts';
import type { AnswerFault, ConnectionFault, Fault, FaultPlan, ListenerFault, RequestFault } from './types.ts';

type Named<F> = F & { readonly name: string };

export interface Chosen<F> {
  readonly fault: Named<F>;
  /** It happens now; false: it has happened often enough meanwhile. */
  readonly spend: () => boolean;
}

export interface Plans {
  add(plans: readonly FaultPlan[]): void;
  clear(): void;
  listener(): Named<ListenerFault> | undefined;
  connection(): Chosen<ConnectionFault> | undefined;
  /** All that may happen to it, in order: whether one of an answer does, the answer tells. */
  request(
    request: RequestFacts,
    connection: { readonly reused: boolean },
  ): Iterable<Chosen<RequestFault | AnswerFault>>;
}

interface Entry extends FaultPlan {
  left: number;
  asked: number;
}

export function createPlans(): Plans {
  let entries: Entry[] = [];
  const spend = (entry: Entry) => (): boolean => entry.left-- > 0;
  const live = (): Entry[] => entries.filter(({ left }) => left > 0);
  return {
    add: (plans) =>
      void entries.push(...plans.map((plan) => ({ ...plan, left: plan.times ?? Number.POSITIVE_INFINITY, asked: 0 }))),
    clear: () => void (entries = []),
    listener: () =>
      live()
        .map(({ fault }) => fault)
        .find((fault) => isOf(fault, 'listener')),
    connection() {
      for (const entry of live())
        if (isOf(entry.fault, 'connection')) return { fault: entry.fault, spend: spend(entry) };
      return undefined;
    },
    *request(request, connection) {
      for (const entry of live()) {
        const { fault, when, left } = entry;
        if (left <= 0) continue; // meanwhile
        if (!isOf(fault, 'request') && !isOf(fault, 'answer')) continue;
        if (fault.at === 'request' && fault.fits?.(request, connection) === false) continue;
        if (when?.({ ...request, nth: ++entry.asked }) === false) continue;
        yield { fault, spend: spend(entry) };
      }
    },
  };
}

function isOf<At extends Fault['at']>(fault: Fault, at: At): fault is Extract<Fault, { at: At }> {
  return fault.at === at;
}
