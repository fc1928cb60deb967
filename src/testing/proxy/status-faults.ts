/** Answers that no request deserves: statuses in place of the registry's own, and partial answers that are none. */
import { type RequestFacts, relay, reply } from './exchange.ts';
import { headerIn, withHeaders } from './message.ts';
import type { FaultNameIn } from './fault-names.ts';
import type { AnswerFault, RequestFault, UnnamedFault } from './types.ts';

const oneYearSeconds = 31_536_000;

const refusal = (code: string): object => ({ errors: [{ code, message: 'by the fault proxy' }] });

function answering(
  status: string,
  code: string,
  headers: () => Readonly<Record<string, string>> = () => ({}),
  fits?: (request: RequestFacts) => boolean,
): RequestFault {
  return {
    at: 'request',
    ...(fits === undefined ? {} : { fits }),
    befall: (exchange) => reply(exchange, status, headers(), refusal(code)),
  };
}

const tooMany = (headers?: () => Readonly<Record<string, string>>): RequestFault =>
  answering('429 Too Many Requests', 'TOOMANYREQUESTS', headers);

const isRanged = ({ headers, method }: RequestFacts): boolean =>
  (method === 'GET' && headers.range !== undefined) || method === 'PATCH';

const isInSession = ({ method, path }: RequestFacts): boolean => method !== 'POST' && /\/blobs\/uploads?\//.test(path);

/** It ignores the range. */
const whole: RequestFault = {
  at: 'request',
  fits: ({ headers }) => headers.range !== undefined,
  befall: async (exchange) => {
    const headers = withHeaders(exchange.head.headers, { range: undefined, 'if-range': undefined });
    return relay(exchange, await exchange.ask({ headers }));
  },
};

/** The range that it says is not the one that it gives. */
const shifted: AnswerFault = {
  at: 'answer',
  fits: ({ status }) => status === 206,
  befall: (exchange, answer) => {
    const range = headerIn(answer.headers, 'content-range') ?? '';
    const moved = range.replace(/(\d+)-(\d+)/, (_, start: string, end: string) => `${+start + 1}-${+end + 1}`);
    return relay(exchange, { ...answer, headers: withHeaders(answer.headers, { 'content-range': moved }) });
  },
};

const invalid = (challenge: string): string =>
  /^basic/i.test(challenge) ? challenge : `${challenge.replace(/,error="[^"]*"/, '')},error="invalid_token"`;

/** The token has expired, between two requests of one transfer. */
const expired: RequestFault = {
  at: 'request',
  befall: (exchange) =>
    reply(exchange, '401 Unauthorized', { 'WWW-Authenticate': invalid(exchange.challenge) }, refusal('UNAUTHORIZED')),
};

const loop: RequestFault = {
  at: 'request',
  befall: (exchange) => reply(exchange, '307 Temporary Redirect', { Location: exchange.request.path }),
};

export const statusFaults: Readonly<Record<FaultNameIn<'status'>, UnnamedFault>> = {
  '429-seconds': tooMany(() => ({ 'Retry-After': '1' })),
  '429-date': tooMany(() => ({ 'Retry-After': new Date(Date.now() + 2000).toUTCString() })),
  '429-none': tooMany(),
  '429-year': tooMany(() => ({ 'Retry-After': String(oneYearSeconds) })),
  '500': answering('500 Internal Server Error', 'UNKNOWN'),
  '502': answering('502 Bad Gateway', 'UNKNOWN'),
  '503-retry-after': answering('503 Service Unavailable', 'UNAVAILABLE', () => ({ 'Retry-After': '1' })),
  '504': answering('504 Gateway Timeout', 'UNKNOWN'),
  '401': expired,
  '403': answering('403 Forbidden', 'DENIED'),
  /** The session of an upload is lost. */
  '404-session': answering('404 Not Found', 'BLOB_UPLOAD_UNKNOWN', undefined, isInSession),
  /** To a range of a download, and to a chunk of an upload. */
  '416': answering('416 Range Not Satisfiable', 'BLOB_UPLOAD_INVALID', undefined, isRanged),
  '200-for-206': whole,
  'wrong-206': shifted,
  '307-loop': loop,
};
