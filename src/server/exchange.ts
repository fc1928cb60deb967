/** What the handlers of all routes are given. */
import type { Bytes, Call } from '../model/call.ts';
import type { IngestRegistry, IngestStore } from '../store/types.ts';
import type { Action } from './access.ts';
import type { ServerLimits } from './limits.ts';
import type { UploadSessions } from './upload-sessions.ts';

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
