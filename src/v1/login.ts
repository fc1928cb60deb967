/**
 * Proving a user name and password to an index. docker's own login tried first to make an account of them (POST); here
 * nothing is ever made.
 */
import { OciError } from '../errors.ts';
import { encodeBasic } from '../http/basic.ts';
import type { Call } from '../model/call.ts';
import { refused } from './ping.ts';
import type { V1Place } from './place.ts';
import { get, isPage, type V1Exchange } from './requests.ts';

/** What a person logs in with. */
export interface V1Account {
  readonly username: string;
  readonly password: string;
}

/** @throws OciError `UNAUTHORIZED`, `DENIED`, `UNSUPPORTED`, `VERSION_UNSUPPORTED`, `USAGE` */
export async function loginV1(place: V1Place, account: V1Account, call: Call): Promise<void> {
  const { host, origin, base, context } = place;
  if (account.username === '' || account.username.includes(':')) {
    throw new OciError('USAGE', 'a user name is not empty and has no colon in it');
  }
  // https://docs.docker.com/v1.7/reference/api/docker-io_api/ "User login"
  const url = `${base}users/`;
  const { signal, on } = call;
  const exchange = await get(place, context.send, {
    url,
    headers: { authorization: encodeBasic(account) },
    signal,
    on,
  });
  if (exchange.response.status !== 200) throw await refusal(place, exchange, call);
  const { response } = exchange;
  await response.cancel();
  const answerer = new URL(response.url);
  // Nobody else was shown the password: what they answer to a redirect proves nothing.
  const isElsewhere = answerer.origin !== origin;
  if (!isElsewhere && !isPage(response)) return;
  const problem = isElsewhere ? `by sending it on to ${answerer.host}` : 'with a page for people';
  throw new OciError('UNSUPPORTED', `${host.name} answers a v1 login ${problem}`, {
    hint: 'it is hardly an index of the v1 protocol',
  });
}

const hints: Readonly<Record<string, string>> = {
  UNAUTHORIZED: 'check the user name and the password',
  DENIED: 'the account is not active: the registry may have sent a link to confirm it',
  UNSUPPORTED: 'it has no v1 login; for v2 there is lading login',
};

async function refusal(place: V1Place, exchange: V1Exchange, call: Call): Promise<OciError> {
  const error = await refused(place, exchange, `cannot log in to the v1 index of ${place.host.name}`, call);
  const code = error.code === 'NOT_FOUND' ? 'UNSUPPORTED' : error.code;
  const { message, status, errors, request, retryAfterMs } = error;
  return new OciError(code, message, { status, errors, request, retryAfterMs, hint: hints[code] ?? error.hint });
}
