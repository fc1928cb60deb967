/**
 * Who may do what: one decision for every request, made before its handler runs (a handler that decides for itself
 * forgets the HEAD, the mount or the DELETE of a tag: CVE-2024-39897, CVE-2026-41888).
 */
import { problem } from './errors.ts';
import type { ConnectionInfo } from './handler.ts';

/** What a request wants to do. Uploads are `push`, whatever their method; `ping` is the base path, where clients log in. */
export type Action = 'ping' | 'pull' | 'push' | 'delete' | 'catalog';

export interface AccessRoute {
  readonly action: Action;
  /** Not there for `ping` and `catalog`. */
  readonly repository?: string | undefined;
  /** A repository that a push would like to mount a blob from; that is decided by a question of its own (`pull`). */
  readonly from?: string | undefined;
}

/** The request goes on. */
export interface Allowed {
  readonly outcome: 'allowed';
  /** Who it is, for the log. */
  readonly user?: string | undefined;
}

/** 401: with (other) credentials it might be allowed. */
export interface Challenge {
  readonly outcome: 'challenge';
  /** Values of `WWW-Authenticate`, the preferred one first. */
  readonly challenges: readonly string[];
}

/** 403: whoever it is may not. */
export interface Denied {
  readonly outcome: 'denied';
}

export type Decision = Allowed | Challenge | Denied;

/** Decides. A throw is answered with 500, and nothing is allowed. */
export type Access = (request: Request, route: AccessRoute, info?: ConnectionInfo) => Promise<Decision>;

/** Everybody may do everything. */
export const openAccess: Access = async () => ({ outcome: 'allowed' });

/** What is answered to those that may not. */
export function refusal(decision: Challenge | Denied): Response {
  if (decision.outcome === 'denied') return problem(403, 'DENIED', 'requested access to the resource is denied');
  const response = problem(401, 'UNAUTHORIZED', 'authentication required');
  for (const challenge of decision.challenges) response.headers.append('WWW-Authenticate', challenge);
  return response;
}

/** A string as a quoted parameter of a challenge (RFC 9110, "Quoted Strings"). */
export function quoted(value: string): string {
  return `"${value.replace(/["\\]/g, '\\$&')}"`;
}
