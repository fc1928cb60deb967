/**
 * Sends what belongs to a registry to the registry, and to nobody else: its custom headers, and the proof of who asks.
 * Nothing is shown before it was asked for: the first 401 of an origin teaches its challenge, and later requests come
 * with their token. How a demand is met is decided in `prove`; whom a challenge may name in `realm`.
 */
import { isOciError, OciError } from '../errors.ts';
import { demandOf, isChallenge } from './demand.ts';
import type { Clock } from './clock.ts';
import { rememberCredentials } from './credentials.ts';
import { failureOf } from './failure.ts';
import type { Hosts } from './host.ts';
import { type Proof, prove, type Prover } from './prove.ts';
import { repositoryOf } from './scope.ts';
import { createSession, type Demand } from './session.ts';
import type { Credentials, HttpRequest, HttpResponse, Middleware } from './types.ts';

export interface AuthorizeOptions {
  readonly hosts: Hosts;
  readonly credentials?: Credentials | undefined;
  readonly clock: Clock;
}

/** How often a request is sent, at most, because of challenges. */
const MAX_ROUNDS = 3;

/** Proves to registries who asks. @throws OciError `UNAUTHORIZED` when a token was refused, `REDIRECT_REFUSED` */
export function authorize({ hosts, credentials, clock }: AuthorizeOptions): Middleware {
  const memory = rememberCredentials(credentials);
  const session = createSession(clock);
  return (send) => (request) => {
    if (new URL(request.url).origin !== request.registry) return send(request);
    const host = hosts(request.registry);
    const own = { ...request, headers: { ...host.headers, ...request.headers } };
    if (own.headers.authorization !== undefined) return send(own);
    return converse({ host, hosts, session, memory, send }, own);
  };
}

async function converse(prover: Prover, request: HttpRequest): Promise<HttpResponse> {
  const tried = new Set<string>();
  let proof = await lookAhead(prover, request);
  for (let round = 1; ; round++) {
    const header = proof instanceof Error ? undefined : proof?.header;
    if (header !== undefined) tried.add(header);
    const response = await prover.send(withProof(request, header));
    const demand = isChallenge(response) ? await nextDemand(prover, request, response, proof, tried) : undefined;
    if (proof instanceof Error && isSameDemand(demand, expected(prover, request))) {
      await response.cancel();
      throw proof;
    }
    if (demand === undefined || round === MAX_ROUNDS) return giveUp(request, response, proof);
    await response.cancel();
    learn(prover, request, demand);
    proof = await prove(prover, request, demand);
  }
}
