/** What the handlers of all routes are given, and what this server is to the outside: a function from Request to Response. */
import type { Bytes, Call } from '../model/call.ts';
import type { IngestRegistry, IngestStore } from '../store/types.ts';
import type { Action } from './access.ts';
import type { ServerLimits } from './limits.ts';
import type { UploadSessions } from './upload-sessions.ts';

/** What is known of the connection that a request came on. */
export interface ConnectionInfo {
  readonly remoteAddress?: string | undefined;
  /** The certificate that the client has shown, where TLS asked for one. */
  readonly clientCertificate?: ClientCertificate | undefined;
}

export interface ClientCertificate {
  /** Its common name. */
  readonly subject: string;
  /** SHA-256, hex in pairs with colons. */
  readonly fingerprint: string;
}

/** A web-standard server: it needs no socket to be tested, and runs wherever there is `Request`. It never rejects. */
export type Handler = (request: Request, info?: ConnectionInfo) => Promise<Response>;

/** One allowed request on its way to an answer. */
export interface Exchange {
  readonly request: Request;
  readonly url: URL;
  readonly registry: IngestRegistry;
  /** Empty on the routes of the registry as a whole. */
  readonly repository: string;
  /** The last part of the path: a tag, a digest or the id of an upload. Empty where the route has none. */
  readonly target: string;
  /** The request's body; it is read once, and ends with the request's signal. */
  readonly body: (signal?: AbortSignal) => Bytes;
  /** Options for the calls to the store. */
  readonly call: Call & { readonly signal: AbortSignal };
  readonly sessions: UploadSessions;
  readonly limits: ServerLimits;
  /** May the same client do this as well? For what a route touches beside its own repository. */
  readonly may: (action: Action, repository: string) => Promise<boolean>;
}

/** The store of the repository that the request is about. */
export function storeOf({ registry, repository }: Exchange): IngestStore {
  return registry.repository(repository);
}
