/** A session with `reg.test`, which wants tokens of `auth.reg.test`, as far as a test does not say otherwise. */
import { authorize } from '../../src/http/authorize.ts';
import type { HostSettings } from '../../src/http/host.ts';
import { createHosts } from '../../src/http/hosts.ts';
import type { TokenStore } from '../../src/http/token-store.ts';
import type { Credential, HttpRequest, HttpResponse } from '../../src/http/types.ts';
import type { WireHeaders } from '../../src/model/call.ts';
import { type Answer, json, type Script, script, type SentRequest } from './scripted-transport.ts';
import { type TestClock, testClock } from './test-clock.ts';

export interface SessionOptions {
  readonly credential?: Credential;
  readonly settings?: HostSettings;
  /** Outlives the session. */
  readonly store?: TokenStore;
  /** Answers of the registry; unless told it wants any token. */
  readonly registry?: (request: SentRequest) => Answer;
  /** Answers of the token server; `count` is 1 for the first. */
  readonly token?: (count: number, request: SentRequest) => Answer;
  readonly realm?: string;
  /** What the registry's challenge asks for; the pulling of `a/b` unless told. */
  readonly scope?: string;
}

export interface TestSession {
  readonly wire: Script;
  readonly clock: TestClock;
  /** What was asked of the credentials. */
  readonly lookups: string[];
  readonly send: (change: Partial<HttpRequest>) => Promise<HttpResponse>;
  /** @returns the status */
  readonly get: (scopes?: readonly string[], path?: string, change?: Partial<HttpRequest>) => Promise<number>;
  /** The scopes of the token requests. */
  readonly tokens: () => string[];
}

/** The answer to a request with a bearer token, and the challenge of one without. */
export function bearer(
  headers: WireHeaders,
  accepts: (token: string) => boolean,
  challenge: string = challengeOf({}),
): Answer {
  const token = headers.authorization?.startsWith('Bearer ') === true ? headers.authorization.slice(7) : undefined;
  return token !== undefined && accepts(token) ? {} : { status: 401, headers: { 'www-authenticate': challenge } };
}

export function challengeOf({ realm = 'https://auth.reg.test/token', scope }: SessionOptions): string {
  return `Bearer realm="${realm}",service="reg",scope="${scope ?? 'repository:a/b:pull'}"`;
}

export function session(options: SessionOptions): TestSession {
  let count = 0;
  const tokenRequests: SentRequest[] = [];
  const { registry = ({ headers }: SentRequest) => bearer(headers, () => true, challengeOf(options)) } = options;
  const wire = script((sent) => {
    if (sent.url.includes('/v2/')) return registry(sent);
    tokenRequests.push(sent);
    count++;
    return options.token?.(count, sent) ?? json({ token: `t${count}`, expires_in: 300 });
  });
  const clock = testClock();
  const lookups: string[] = [];
  const credentials = async (host: string, { repository = '' } = {}): Promise<Credential | undefined> => {
    lookups.push(`${host} ${repository}`);
    return options.credential;
  };
  const hosts = createHosts(options.settings === undefined ? {} : { 'reg.test': options.settings });
  const authorized = authorize({ hosts, credentials, clock, tokens: options.store })(wire.send);
  const send = (change: Partial<HttpRequest>): Promise<HttpResponse> =>
    authorized({ method: 'GET', url: 'https://reg.test/v2/a/b', headers: {}, registry: 'https://reg.test', ...change });
  return {
    wire,
    clock,
    lookups,
    send,
    async get(scopes, path = '/v2/a/b', change = {}) {
      const response = await send({ url: `https://reg.test${path}`, scopes, ...change });
      await response.cancel();
      return response.status;
    },
    tokens: () => tokenRequests.map(scopeOf),
  };
}

function scopeOf({ url, body, method }: SentRequest): string {
  const params = method === 'POST' ? new URLSearchParams(body) : new URL(url).searchParams;
  return params.getAll('scope').join(' ');
}
