/**
 * What a refusal asks for: from a 401 and its challenges, and what was shown already, to what to show next. It gives up
 * where the same proof would only be refused again.
 */
import { encodeBasic } from './basic.ts';
import { type Challenge, parseChallenges } from './challenge.ts';
import { credentialFor, type Proof, type Prover } from './prove.ts';
import { judgeRealm } from './realm.ts';
import { coversScopes, demandedScopes, splitScopes } from './scope.ts';
import type { Demand } from './session.ts';
import type { HttpRequest, HttpResponse } from './types.ts';

/** Does the registry ask for (other) proof? Some say 403 when a token allows too little. */
export function isChallenge({ status, headers }: HttpResponse): boolean {
  return status === 401 || (status === 403 && /insufficient_scope/i.test(headers['www-authenticate'] ?? ''));
}

/**
 * What to show next; undefined: nothing that has not been refused.
 * @param tried the `authorization` headers that this request was refused with
 * @throws OciError `REDIRECT_REFUSED` when only a forbidden token server would help, `CREDENTIALS`
 */
export async function nextDemand(
  prover: Prover,
  request: HttpRequest,
  response: HttpResponse,
  proof: Proof | undefined,
  tried: ReadonlySet<string>,
): Promise<Demand | undefined> {
  const challenges = parseChallenges(response.headers['www-authenticate'] ?? '');
  if (proof?.header !== undefined && proof.demand.scheme.kind !== 'bearer') prover.memory.forget(prover.host.name);
  const credential = await credentialFor(prover, request);
  if (credential !== undefined && 'registryToken' in credential) {
    return tried.has(`Bearer ${credential.registryToken}`) ? undefined : { scheme: { kind: 'token' }, scopes: [] };
  }
  const bearer = bearerDemand(prover, request, response, challenges);
  if ('demand' in bearer && isNew(prover, bearer.demand, proof)) return bearer.demand;
  // gcr.io says 401 without saying how: then it is as before, or Basic for those who can.
  if (challenges.length === 0 && proof?.demand.scheme.kind === 'bearer' && isNew(prover, proof.demand, proof))
    return proof.demand;
  const isBasic = challenges.length === 0 || challenges.some(({ scheme }) => scheme === 'basic');
  const isPair = credential !== undefined && 'password' in credential;
  if (isBasic && isPair && !tried.has(encodeBasic(credential))) return { scheme: { kind: 'basic' }, scopes: [] };
  if ('refusal' in bearer) throw bearer.refusal;
  return undefined;
}

type BearerDemand = { readonly demand: Demand } | { readonly refusal: unknown } | { readonly none: true };

/** The first token server among the challenges that may be asked at all. */
function bearerDemand(
  { host, hosts }: Prover,
  request: HttpRequest,
  response: HttpResponse,
  challenges: readonly Challenge[],
): BearerDemand {
  let refusal: unknown;
  for (const { scheme, params } of challenges) {
    if (scheme !== 'bearer') continue;
    const realm = params.get('realm') ?? '';
    try {
      judgeRealm(realm, response.url, host, hosts);
    } catch (error) {
      refusal ??= error;
      continue;
    }
    const scopes = demandedScopes(request.scopes ?? [], splitScopes(params.get('scope')));
    return {
      demand: { scheme: { kind: 'bearer', realm, service: params.get('service'), from: response.url }, scopes },
    };
  }
  return refusal === undefined ? { none: true } : { refusal };
}

/** Would it be met by anything but what was just refused? A token that was in use may only have expired. */
function isNew({ session }: Prover, demand: Demand, proof: Proof | undefined): boolean {
  if (proof === undefined || !isSameIssuer(demand, proof.demand)) return true;
  if (!coversScopes(proof.demand.scopes, demand.scopes)) return true;
  if (proof.fresh) return false;
  if (proof.header !== undefined) session.tokens.forget(proof.header.slice('Bearer '.length));
  return true;
}

function isSameIssuer({ scheme: one }: Demand, { scheme: other }: Demand): boolean {
  return one.kind === 'bearer' && other.kind === 'bearer' && one.realm === other.realm && one.service === other.service;
}
