/** One run of one cell: a fault, once or for ever, an operation, and what came of it. It decides nothing about what should. */
import { inspect } from 'node:util';
import { type ErrorCode, isOciError } from '../../src/errors.ts';
import type { Clock } from '../../src/http/clock.ts';
import { fixedCredentials } from '../../src/http/credentials.ts';
import type { Activity } from '../../src/model/call.ts';
import { nodeTransport } from '../../src/node/http/transport.ts';
import { type Client, createClient } from '../../src/registry/client.ts';
import { type FaultPlan, type FaultProxy, faults, faultyResolve } from '../../src/testing/proxy/index.ts';
import { assertNoCanary } from '../support/planted-secrets.ts';
import type { Cell, Way } from './matrix-cells.ts';
import type { Occasion } from './matrix-operations.ts';
import { matrixUser, type World } from './matrix-world.ts';

/** `right`, the code of an error, or what is wrong. */
export type Outcome = 'right' | ErrorCode | { readonly wrong: string };

/** Small where it is to be waited for in vain, and more than what goes well takes; elsewhere a busy machine is no fault. */
const timeoutMs = ({ fault }: Cell): number => (slowFaults.test(fault) ? 500 : 10_000);
const slowFaults = /^(?:connect-black-hole|continue-never|slow-head|stall-.*|trickle)$/;
const ATTEMPTS = 4;
const HANG_MS = 20_000;
/** How long after its signal a call may take to end. */
const DEAF_MS = 3000;

/** @param seed makes what is pushed another thing than in every other run */
export async function runCell(world: World, cell: Cell, way: Way, seed: string): Promise<Outcome> {
  const proxy = proxyOf(world, cell);
  const told: string[] = [];
  const clock = healingClock();
  const client = clientFor(world, cell, way, clock);
  const { host, hostname } = nameOf(world, cell);
  let armed = false;
  const arm = (): void => {
    if (!armed) proxy.plan(...plansFor(cell, way));
    armed = true;
  };
  const stop = new AbortController();
  const listener = faultAt(cell) === 'listener';
  const on = (activity: Activity): void => {
    told.push(JSON.stringify(activity));
    if (activity.type === 'retry' && listener && way === 'once') clock.heal(proxy);
    if (activity.type === 'response' && isArmedBy(cell, activity)) arm();
  };
  const occasion: Occasion = {
    client,
    host,
    repository: client.repository(`${host}/team/app`),
    direct: (name = 'team/app') => world.client.repository(`${world.host}/${name}`),
    stock: world.stock,
    seed: `${hostname} ${seed}`,
    signal: stop.signal,
    on,
  };
  const hang = setTimeout(() => stop.abort(), HANG_MS);
  try {
    await cell.operation.prepare?.(occasion);
    if (cell.isWarm && cell.name !== 'token')
      await cell.operation.run({ ...occasion, seed: `${occasion.seed} before` });
    if (cell.fault !== 'nxdomain' && cell.fault !== 'servfail' && !isArmedLater(cell)) arm();
    await proxy.ready();
    const outcome = await Promise.race([settled(cell.operation.run(occasion), told), deaf(stop.signal)]);
    tellsNoSecret(told, world.issued);
    return outcome === 'ABORTED' ? { wrong: 'it hangs' } : outcome;
  } catch (error) {
    return { wrong: inspect(error) };
  } finally {
    clearTimeout(hang);
    await client.close();
    proxy.heal();
    await proxy.ready();
  }
}

/** Who does not even end when told to. */
function deaf(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const fail = (): void => reject(new Error('it hangs, and cannot be aborted'));
    signal.addEventListener('abort', () => setTimeout(fail, DEAF_MS).unref(), { once: true });
  });
}

/** Right, or the code of an error of ours; all else is thrown. What the error tells is kept with all else that was told. */
async function settled(work: Promise<void>, told: string[]): Promise<'right' | ErrorCode> {
  try {
    await work;
    return 'right';
  } catch (error) {
    if (!isOciError(error)) throw error;
    told.push(inspect(error, { depth: 10, showHidden: true }), error.stack ?? '', JSON.stringify(error));
    return error.code;
  }
}

function tellsNoSecret(told: readonly string[], issued: readonly string[]): void {
  const text = told.join('\n');
  assertNoCanary(text, 'what was told');
  for (const token of issued) if (text.includes(token)) throw new Error('a token was told');
}

interface HealingClock extends Clock {
  heal(proxy: FaultProxy): void;
}

/** Nobody waits for it but for a port that is opened again. */
function healingClock(): HealingClock {
  let time = 0;
  let healed: Promise<void> = Promise.resolve();
  return {
    now: () => time,
    async wait(ms, signal) {
      time += ms;
      await healed;
      signal?.throwIfAborted();
    },
    heal(proxy) {
      proxy.heal();
      healed = proxy.ready();
    },
  };
}

const faultAt = ({ fault }: Cell): string => (fault in faults ? faults[fault as keyof typeof faults].at : 'dns');

const isArmedLater = (cell: Cell): boolean =>
  cell.operation.armedBy !== undefined && ['listener', 'connection'].includes(faultAt(cell));

function isArmedBy(cell: Cell, { method, url, status }: Extract<Activity, { type: 'response' }>): boolean {
  const { pathname, search } = new URL(url);
  return isArmedLater(cell) && status < 300 && cell.operation.armedBy?.({ method, path: pathname + search }) === true;
}

function proxyOf({ plain, tls, tokens }: World, { operation, isTls }: Cell): FaultProxy {
  if (operation.isOfTokens === true) return tokens;
  return isTls ? tls : plain;
}

/** `localhost` where the name has to be looked up. */
function nameOf({ plain, tls }: World, cell: Cell): { readonly host: string; readonly hostname: string } {
  const { host } = cell.isTls ? tls : plain;
  const [address = '', port] = host.split(':');
  const hostname = faultAt(cell) === 'dns' ? 'localhost' : address;
  return { host: `${hostname}:${port}`, hostname };
}

function clientFor(world: World, cell: Cell, way: Way, clock: Clock): Client {
  const { host } = nameOf(world, cell);
  const times = way === 'once' ? { times: 1 } : {};
  const isDns = cell.fault === 'nxdomain' || cell.fault === 'servfail';
  const resolve = isDns ? faultyResolve(cell.fault, { ...times, hostname: 'localhost' }) : undefined;
  const names = ['connectMs', 'resolveMs', 'headMs', 'writtenMs', 'idleMs', 'slowMs'];
  const timeouts = Object.fromEntries(names.map((name) => [name, timeoutMs(cell)]));
  return createClient({
    transport: nodeTransport({ proxy: false, ca: [world.ca], timeouts, resolve }),
    credentials: fixedCredentials({ [host]: matrixUser }),
    hosts: {
      [host]: { realms: [world.tokens.host], ...(cell.isTls ? { origin: `https://${host}` } : {}) },
      [world.tokens.host]: { plainHttp: true },
    },
    retry: { attempts: ATTEMPTS },
    clock,
    chunkSize: cell.operation.chunkSize,
  });
}

function plansFor({ fault, operation, isResumed }: Cell, way: Way): readonly FaultPlan[] {
  if (fault === 'nxdomain' || fault === 'servfail') return [];
  const when: FaultPlan['when'] = (request) =>
    operation.strikes(request) && (operation.isOfTokens === true || request.headers.authorization !== undefined);
  const times = way === 'once' ? { times: 1 } : {};
  if (!isResumed) return [{ fault: faults[fault], when, ...times }];
  const isRanged: FaultPlan['when'] = (request) => when(request) && request.headers.range !== undefined;
  return [
    { fault: faults[fault], when: isRanged, ...times },
    { fault: faults['reset-at-50'], when, times: 1 },
  ];
}
