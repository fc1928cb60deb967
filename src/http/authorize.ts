/**
 * Sends what belongs to a registry to the registry, and to nobody else: its custom headers, and the proof of who asks.
 * Nothing is shown before it was asked for: the first 401 of an origin teaches its challenge, and later requests come
 * with their token. What a refusal asks for is decided in `demand`, how it is met in `prove`, whom it may name in `realm`.
 */
import { isOciError, OciError } from '../errors.ts';
import type { WireHeaders } from '../model/call.ts';
import type { Clock } from './clock.ts';
import { rememberCredentials } from './credentials.ts';
import { isChallenge, nextDemand } from './demand.ts';
import { failureOf } from './failure.ts';
import type { Hosts } from './host.ts';
import { type Proof, prove, type Prover } from './prove.ts';
import { repositoryOf } from './scope.ts';
import { createSession, type Demand } from './session.ts';
import { withSameShown } from './shown.ts';
import type { TokenStore } from './token-store.ts';
import type { Credentials, HttpRequest, HttpResponse, Middleware, Send } from './types.ts';

export interface AuthorizeOptions {
  readonly hosts: Hosts;
  readonly credentials?: Credentials | undefined;
  readonly clock: Clock;
  /** Tokens that outlive the session. */
  readonly tokens?: TokenStore | undefined;
}

/** How often a registry is asked, at most, for one request: for the challenge that it did not send, too. */
const MAX_ASKED = 3;

/** Proves to registries who asks. @throws OciError `UNAUTHORIZED` when a token was refused, `REDIRECT_REFUSED` */
export function authorize({ hosts, credentials, clock, tokens }: AuthorizeOptions): Middleware {
  const memory = rememberCredentials(credentials);
  const session = createSession(clock, tokens);
  return (send) => async (request) => {
    const url = new URL(request.url);
    if (url.origin !== request.registry) return send(request);
    const host = hosts(request.registry);
    if (url.protocol === 'http:' && !host.plainHttp) throw plainRefused(url);
    const own = { ...request, headers: { ...host.headers, ...request.headers } };
    if (own.anonymous === true) return send({ ...own, headers: withoutProof(own.headers) });
    if (own.headers.authorization !== undefined) return send(own);
    return converse({ host, hosts, session, memory, send }, own);
  };
}

/** A user may have set them for the host. */
function withoutProof(headers: WireHeaders): WireHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'authorization' && name !== 'cookie'));
}

function plainRefused({ host }: URL): OciError {
  return new OciError('USAGE', `refused to speak http with ${host}`, {
    hint: `if that is what you want, allow it with --plain-http ${host}`,
  });
}

async function converse(prover: Prover, request: HttpRequest): Promise<HttpResponse> {
  const tried = new Set<string>();
  let asked = 0;
  const send: Send = (one) => {
    asked++;
    return prover.send(one);
  };
  let proof = await lookAhead(prover, request);
  for (;;) {
    if (proof?.header !== undefined) tried.add(proof.header);
    const response = await send(withProof(request, proof));
    const isLast = asked >= MAX_ASKED;
    const demand = isLast ? undefined : await demandOf({ ...prover, send }, request, response, proof, tried);
    if (demand === undefined) return settle(prover, request, response, proof);
    await response.cancel();
    prover.session.learn(request.registry, repositoryOf(request.scopes), request.scopes ?? [], demand);
    proof = await prove(prover, request, demand);
  }
}

/** The proof that the registry asked for before; where nothing is known, none. */
async function lookAhead(prover: Prover, request: HttpRequest): Promise<Proof | undefined> {
  const { credential } = prover.host;
  const isToken = credential !== undefined && credential !== 'none' && 'registryToken' in credential;
  if (isToken) return prove(prover, request, { scheme: { kind: 'token' }, scopes: [] });
  const { registry, scopes = [] } = request;
  const expected = prover.session.expect(registry, repositoryOf(scopes), scopes);
  const demand = expected ?? (await prover.session.recall(registry, repositoryOf(scopes), scopes));
  if (demand === undefined) return undefined;
  try {
    return await prove(prover, request, demand);
  } catch (error) {
    // What another session has kept is a hint: the registry may have been set up anew since.
    if (expected === undefined && !isOciError(error, 'ABORTED', 'TIMEOUT')) {
      prover.session.unlearn(registry, repositoryOf(scopes), demand.scheme);
      return undefined;
    }
    // The registry may have another token server for this repository: only it can tell. Its answer is not taken
    // for one to the user, whose credentials have failed.
    if (!isOciError(error, 'UNAUTHORIZED')) throw error;
    return { demand, header: undefined, fresh: true, error };
  }
}

async function demandOf(
  prover: Prover,
  request: HttpRequest,
  response: HttpResponse,
  proof: Proof | undefined,
  tried: ReadonlySet<string>,
): Promise<Demand | undefined> {
  if (!isChallenge(response)) return undefined;
  try {
    const said = proof === undefined ? await explained(prover, request, response) : response;
    return await nextDemand(prover, request, said, proof, tried);
  } catch (error) {
    await response.cancel();
    throw error;
  }
}

/**
 * The answer that tells what the registry wants. Some refuse a first request without a word, and say it at the API's root:
 * gcr.io whatever was asked (containers/image#211), Artifactory a HEAD (vmware/vic#6590).
 */
async function explained(
  { host, send }: Prover,
  { url, registry, headers, signal, on }: HttpRequest,
  response: HttpResponse,
): Promise<HttpResponse> {
  const root = `${host.origin}${host.pathPrefix}/v2/`;
  if (response.headers['www-authenticate'] !== undefined || url === root) return response;
  const agent = headers['user-agent'] === undefined ? {} : { 'user-agent': headers['user-agent'] };
  const answer = await send({ method: 'GET', url: root, registry, headers: { ...host.headers, ...agent }, signal, on });
  await answer.cancel();
  return answer.headers['www-authenticate'] === undefined ? response : answer;
}

async function settle(
  { host, session }: Prover,
  request: HttpRequest,
  response: HttpResponse,
  proof: Proof | undefined,
): Promise<HttpResponse> {
  if (proof?.error !== undefined) {
    await response.cancel();
    throw proof.error;
  }
  if (response.status !== 401 && response.status !== 403) return response;
  const scheme = proof?.demand.scheme;
  if (scheme?.kind === 'basic') session.unlearn(request.registry, repositoryOf(request.scopes), scheme);
  if (proof?.hint === undefined) return proof?.header === undefined ? response : refusedWith(response, proof);
  const {
    message,
    status,
    errors,
    request: shown,
  } = await failureOf(response, `${host.name} was asked in vain`, request);
  throw new OciError('UNAUTHORIZED', message, { status, errors, request: shown, hint: proof.hint });
}

/** A refusal reads otherwise when something was shown. */
function refusedWith(response: HttpResponse, { demand, ofAccount }: Proof): HttpResponse {
  const { status, headers, url, body } = response;
  const { kind } = demand.scheme;
  const refused = kind !== 'bearer' ? kind : ofAccount === true ? 'account' : 'anonymous';
  return withSameShown(response, { status, headers, url, body, cancel: () => response.cancel(), refused });
}

function withProof(request: HttpRequest, proof: Proof | undefined): HttpRequest {
  if (proof?.header === undefined) return request;
  return { ...request, headers: { ...request.headers, authorization: proof.header } };
}
