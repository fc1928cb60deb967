/** The fault proxy: `startFaultProxy`, and what it can do wrong. */
export type { Part } from './body-faults.ts';
export { resetAt, stallAt } from './body-faults.ts';
export type { Answer, Exchange, RequestFacts } from './exchange.ts';
export type { FaultFamily, FaultName, FaultNameIn } from './fault-names.ts';
export { faultFamilies } from './fault-names.ts';
export { faults } from './faults.ts';
export type { Body, Framing, Head, Header } from './message.ts';
export type { DnsFault, FaultyResolveOptions } from './resolve.ts';
export { faultyResolve } from './resolve.ts';
export { startFaultProxy } from './start.ts';
export type { Wire } from './wire.ts';
export type {
  AnswerFault,
  Certificate,
  ConnectionFault,
  Fault,
  FaultPlan,
  FaultProxy,
  FaultProxyOptions,
  ListenerFault,
  ProxiedRequest,
  RequestFault,
  ServerTls,
  UnnamedFault,
} from './types.ts';
