/** Quirks of token servers, each a wrap around one. */
import { answering, errorAnswer, type Wrap } from '../wrap.ts';

/** `scope=` without a scope is 400. */
export function emptyScopeRefused(): Wrap {
  return answering(
    (request) => scopesIn(request).includes(''),
    () => errorAnswer(400, 'UNSUPPORTED', 'the scope is empty'),
  );
}

/** No token for the catalog: 403, whoever asks. */
export function catalogScopeRefused(): Wrap {
  return answering(
    (request) => scopesIn(request).some((scope) => scope.startsWith('registry:')),
    () => errorAnswer(403, 'DENIED', 'access forbidden'),
  );
}

function scopesIn({ url }: Request): readonly string[] {
  return new URL(url).searchParams.getAll('scope');
}
