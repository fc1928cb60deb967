/** What deletions have in common: their request, which answers mean success, and what a refusal means. */
import { isOciError, OciError } from '../errors.ts';
import type { Call } from '../model/call.ts';
import { ask, type Exchange, failed, pathIn, scopesFor, settle } from './requests.ts';
import { nameOf, type Place } from './session.ts';

export async function askDelete(place: Place, rest: string, call: Call): Promise<Exchange> {
  const question = { method: 'DELETE', path: pathIn(place, rest), ...call } as const;
  try {
    return await ask(place, { ...question, scopes: scopesFor(place, 'delete') });
  } catch (error) {
    // Quay gives no token for an action that it does not know, and takes `push` for deletions.
    if (!isOciError(error, 'UNAUTHORIZED') || error.status !== 400) throw error;
    return ask(place, { ...question, scopes: scopesFor(place, 'push') });
  }
}

/** The specification wants 202; others answer 200 or 204. */
export function isDone(status: number): boolean {
  return status === 200 || status === 202 || status === 204;
}

/** The error of a refused deletion; 400 and 405 are how a registry says that it does not delete ("Content Management"). */
export async function refusal(exchange: Exchange, attempted: string): Promise<OciError> {
  const error = await failed(exchange, attempted);
  const disabled = error.status === 400 || error.status === 405 || isOciError(error, 'UNSUPPORTED');
  if (!disabled) return error;
  return new OciError('UNSUPPORTED', error.message, {
    status: error.status,
    errors: error.errors,
    request: error.request,
    hint: 'deletion is disabled there, or this registry has other ways to delete',
  });
}

/** Deletes a tag by its name, where the registry is known to do so. */
export async function untag(place: Place, tag: string, call: Call): Promise<void> {
  const exchange = await askDelete(place, `manifests/${tag}`, call);
  const { status } = exchange.response;
  if (!isDone(status) && status !== 404) throw await refusal(exchange, `cannot delete the tag ${nameOf(place)}:${tag}`);
  await settle(exchange);
}
